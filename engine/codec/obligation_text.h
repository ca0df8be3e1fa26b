// Obligations as texts: {id}, {id}:{item} for one piece of an event with many lines, {count}:{KIND}:{item} for a
// difference of a count (domain: 5.2, 6.4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/custody/command.h"

namespace daybook::codec {

// nullopt: none of the three forms, a nil UUID, or an unknown kind.
std::optional<custody::ObligationRef> parse_obligation(std::string_view text);
std::string obligation_text(const custody::ObligationRef& ref);
void append_obligation_text(const custody::ObligationRef& ref, std::string& out);
std::size_t obligation_text_size(const custody::ObligationRef& ref);

}  // namespace daybook::codec
