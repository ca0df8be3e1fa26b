#include "engine/base/time.h"

namespace daybook {
namespace {

// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z: what RFC 3339 can write.
constexpr Micros kFirst = -62'167'219'200 * kSecond, kLast = 253'402'300'800 * kSecond - 1;

// Reads exactly `count` digits at `at`; nullopt if one is none.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) return std::nullopt;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

// The last `count` digits of a number, zeros before them.
void append_digits(unsigned value, std::size_t count, std::string& out) {
    out.resize(out.size() + count);
    for (std::size_t i = 1; i <= count; ++i, value /= 10) out[out.size() - i] = static_cast<char>('0' + value % 10);
}

class SystemClock final : public Clock {
public:
    [[nodiscard]] Micros now() const override {
        return std::chrono::duration_cast<std::chrono::microseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    }
};

}  // namespace

std::string format_time(Micros at) {
    std::string out;
    out.reserve(sizeof "2026-03-02T09:30:00.000000Z");
    const Micros days = (at >= 0 ? at : at - kDay + 1) / kDay;  // rounds down
    const Micros rest = at - days * kDay;
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
    const auto fraction = static_cast<unsigned>(rest % kSecond);
    const auto seconds = static_cast<unsigned>(rest / kSecond);
    const int year = static_cast<int>(date.year());
    if (year >= 0 && year <= 9999) {
        append_digits(static_cast<unsigned>(year), 4, out);
    } else {
        out += std::to_string(year);
    }
    append_digits(static_cast<unsigned>(date.month()), 2, out += '-');
    append_digits(static_cast<unsigned>(date.day()), 2, out += '-');
    append_digits(seconds / 3600, 2, out += 'T');
    append_digits(seconds / 60 % 60, 2, out += ':');
    append_digits(seconds % 60, 2, out += ':');
    if (fraction % 1000 != 0) {
        append_digits(fraction, 6, out += '.');
    } else if (fraction != 0) {
        append_digits(fraction / 1000, 3, out += '.');
    }
    out += 'Z';
    return out;
}

std::optional<Micros> parse_time(std::string_view text) {
    const auto year = digits(text, 0, 4);
    const auto month = digits(text, 5, 2);
    const auto day = digits(text, 8, 2);
    const auto hour = digits(text, 11, 2);
    const auto minute = digits(text, 14, 2);
    const auto second = digits(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't')) return std::nullopt;
    if (text[13] != ':' || text[16] != ':' || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    std::size_t at = 19;
    Micros fraction = 0;
    if (at < text.size() && text[at] == '.') {
        Micros unit = 100'000;
        const std::size_t first = ++at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
            if (unit == 0) return std::nullopt;
            fraction += (text[at] - '0') * unit;
        }
        if (at == first) return std::nullopt;
    }
    if (at >= text.size()) return std::nullopt;
    Micros offset = 0;
    if (text[at] == 'Z' || text[at] == 'z') {
        if (at + 1 != text.size()) return std::nullopt;
    } else {
        const auto hours = digits(text, at + 1, 2);
        const auto minutes = digits(text, at + 4, 2);
        if ((text[at] != '+' && text[at] != '-') || !hours || !minutes || at + 6 != text.size()) return std::nullopt;
        if (text[at + 3] != ':' || *hours > 23 || *minutes > 59) return std::nullopt;
        offset = (*hours * kHour + *minutes * kMinute) * (text[at] == '+' ? 1 : -1);
    }
    const Micros days = std::chrono::sys_days{date}.time_since_epoch().count();
    const Micros utc = days * kDay + *hour * kHour + *minute * kMinute + *second * kSecond + fraction - offset;
    if (utc < kFirst || utc > kLast) return std::nullopt;
    return utc;
}

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

}  // namespace daybook
