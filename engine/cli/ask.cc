#include "engine/cli/ask.h"

#include <algorithm>

#include "engine/base/time.h"
#include "engine/cli/link.h"
#include "engine/cli/progress.h"
#include "engine/server/http_client.h"

namespace daybook::cli {

std::optional<std::string> ask_json(const Common& common, std::string question, const AskOptions& options) {
    Progress progress;
    auto link = Link::open(common.dir,
                           [&](std::string_view what, Position done, Position of) { progress.show(what, done, of); });
    progress.clear();
    if (!link) {
        failed(common, link.error());
        return std::nullopt;
    }
    char separator = '?';
    for (const auto& [name, value] : options.params) {
        if (!value.empty()) question += std::exchange(separator, '&') + name + "=" + server::percent_encode(value);
    }
    auto json = (*link)->ask(question);
    if (!json) {
        failed(common, json.error());
        return std::nullopt;
    }
    return std::move(*json);
}

std::string time_text(const google::protobuf::Timestamp& at) {
    if (at.seconds() == 0 && at.nanos() == 0) return "";
    std::string text = format_time(at.seconds() * kSecond + at.nanos() / 1000).substr(0, 19);
    text[10] = ' ';
    return text;
}

std::string money_text(const v1::Money& money) {
    const std::int64_t minor = money.minor();
    std::string text = std::to_string(minor / 100);  // whole units, the cents follow
    for (std::size_t at = text.size(); at > 3 + (minor < 0 ? 1U : 0U); at -= 3) text.insert(at - 3, "'");
    const auto cents = std::to_string(minor < 0 ? -(minor % 100) : minor % 100);
    return text + "." + (cents.size() < 2 ? "0" : "") + cents + " " + money.currency();
}

std::string count_text(std::uint64_t count) { return count == 0 ? "" : std::to_string(count); }

std::string late_text(std::int64_t minutes) {
    if (minutes <= 0) return "";
    if (minutes < 120) return std::to_string(minutes) + " min";
    if (minutes < 48 * 60) return std::to_string(minutes / 60) + " h";
    return std::to_string(minutes / (24 * 60)) + " d";
}

std::string as_of_text(const v1::AsOf& as_of) {
    std::string text = "the ledger is empty";
    if (as_of.has_known_at()) text = "nothing was recorded by then";
    if (as_of.has_position()) text = "as of position " + std::to_string(as_of.position());
    if (as_of.lag() > 0) text += ", " + std::to_string(as_of.lag()) + " behind";
    return text + "\n";
}

std::string when_text(const v1::AsOf& as_of) {
    std::string text = as_of_text(as_of);
    if (!as_of.has_valid_at()) return text;
    text.pop_back();
    text += ", at " + time_text(as_of.valid_at());
    if (as_of.has_known_at()) text += ", as known at " + time_text(as_of.known_at());
    return text + "\n";
}

std::string more_text(const std::string& cursor) {
    return cursor.empty() ? "" : "more: --cursor " + cursor + "\n";
}

std::string owner_text(const v1::Owner& owner) {
    const std::string kind = v1::Owner::Kind_Name(owner.kind());
    return owner.id() == 0 ? kind : kind + ":" + std::to_string(owner.id());
}

std::string encode_path(const std::string& path) {
    std::string out;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t slash = std::min(path.find('/', at), path.size());
        out += (at == 0 ? "" : "/") + server::percent_encode(path.substr(at, slash - at));
        at = slash + 1;
    }
    return out;
}

}  // namespace daybook::cli
