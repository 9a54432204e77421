// Labels of other alphabets as DNS writes them (RFC 5890: U-label -> A-label), for names that an operator
// types.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nemoclaw::policy {

// "bücher" -> "xn--bcher-kva"; a label of ASCII alone as it stands. nullopt where the answer is not plain:
// IDNA2003 and IDNA2008 disagree (ß, ς, joiners), several spellings look alike (combining marks, full width,
// two alphabets in one label), or a rule looks at more than one letter (right to left). Such a name has to be
// written as its A-label. Pure.
std::optional<std::string> to_a_label(std::string_view label);

}  // namespace nemoclaw::policy
