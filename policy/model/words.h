// What a policy's file calls the values of its choices, in the order of the enumerations: the reader, the
// writer, the JSON Schema and every message take the words from here.
#pragma once

#include <string_view>
#include <vector>

#include "policy/model/policy.h"

namespace nemoclaw::policy {

inline constexpr std::string_view kProtocolWords[] = {"",    "rest",     "websocket", "graphql",
                                                      "mcp", "json-rpc", "tcp"};
inline constexpr std::string_view kAccessWords[] = {"", "read-only", "read-write", "full"};
inline constexpr std::string_view kEnforcementWords[] = {"enforce", "audit"};
// Two words for each value.
inline constexpr std::string_view kTlsWords[] = {"auto", "terminate", "passthrough", "skip"};
inline constexpr std::string_view kSyscallBaseWords[] = {"agent", "docker"};
inline constexpr std::string_view kDnsWords[] = {"policy", "open", "off"};
inline constexpr std::string_view kApprovalWords[] = {"off", "ask", "learn"};

// "" for connections without inspection.
constexpr const char* word(Protocol protocol) { return kProtocolWords[static_cast<size_t>(protocol)].data(); }
constexpr const char* word(Access access) { return kAccessWords[static_cast<size_t>(access)].data(); }
constexpr const char* word(SyscallBase base) { return kSyscallBaseWords[static_cast<size_t>(base)].data(); }
constexpr const char* word(DnsMode mode) { return kDnsWords[static_cast<size_t>(mode)].data(); }
constexpr const char* word(ApprovalMode mode) { return kApprovalWords[static_cast<size_t>(mode)].data(); }

// Requests are read and judged, not only connections.
constexpr bool is_inspected(Protocol protocol) {
  return protocol != Protocol::L4 && protocol != Protocol::Tcp;
}

// The words that may be written: all, or all but the first where that one stands for what is not written.
template <size_t N>
std::vector<std::string_view> written_words(const std::string_view (&words)[N]) {
  return {std::begin(words) + (words[0].empty() ? 1 : 0), std::end(words)};
}

}  // namespace nemoclaw::policy
