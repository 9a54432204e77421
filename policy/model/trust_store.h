// What the runtime and the proxy must agree on about a Java trust store.
#pragma once

#include <string_view>

namespace nemoclaw::policy {

// What Java's own store has. Java demands one; it protects nothing.
inline constexpr std::string_view kTrustStorePassword = "changeit";

}  // namespace nemoclaw::policy
