// The numbers that the fence and the proxy agree on (docs/sandbox.md).
#pragma once

#include <cstdint>

namespace nemoclaw::net {

inline constexpr uint16_t kExplicitPort = 3128;  // the proxy that programs are told to use
inline constexpr uint16_t kCapturedPort = 3129;  // where the fence redirects TCP of programs that do not
inline constexpr uint16_t kNamesPort = 3130;     // where the fence redirects port 53, UDP and TCP
inline constexpr uint32_t kProxyMark =
    0x4e43;  // the fence lets packets with this mark out; setting it needs CAP_NET_ADMIN
inline constexpr uint16_t kBypassLogGroup = 0x4e43;  // nflog group of rejected packets

}  // namespace nemoclaw::net
