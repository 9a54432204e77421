// A TCP connection to the first of several addresses that answers (RFC 8305, "Happy Eyeballs"): both families
// in turn, the next one tried while the one before is still silent.
#pragma once

#include <vector>

#include "proxy/net/async.h"
#include "runtime/base/result.h"

namespace nemoclaw::net {

// The order of the first address is kept, its family first; then the families alternate (RFC 8305, section
// 4).
std::vector<asio::ip::address> alternate_families(const std::vector<asio::ip::address>& addresses);

struct DialTimes {
  std::chrono::milliseconds next{250};      // until the next address is tried as well
  std::chrono::milliseconds address{6000};  // for one address
  std::chrono::milliseconds all{20'000};
};

// Every socket is marked for the fence. The error is that of the address that failed last.
Task<Result<tcp::endpoint>> dial(tcp::socket& socket, const std::vector<asio::ip::address>& addresses,
                                 uint16_t port, DialTimes times = {});

}  // namespace nemoclaw::net
