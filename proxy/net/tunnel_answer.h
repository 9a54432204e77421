// What a proxy says to a CONNECT. No I/O.
#pragma once

#include <optional>
#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw::net {

// Of everything received so far: nullopt until the head is complete, then its length; an error if it is no
// agreement.
Result<std::optional<size_t>> parse_tunnel_answer(std::string_view received);

}  // namespace nemoclaw::net
