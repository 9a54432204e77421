// SVCB and HTTPS records (RFC 9460) as a sandbox may have them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nemoclaw::dns {

// Keeps the target, the port and the protocols without HTTP/3: UDP does not pass, a hidden name (ECH) could
// not be judged, and hinted addresses would not be known by the name that was asked for. nullopt: nothing
// useful is left, or the record cannot be read.
std::optional<std::string> reduce_service_binding(std::string_view data);

}  // namespace nemoclaw::dns
