// rtnetlink(7): requests as bytes, answers taken apart. The codec is pure.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::isolation {

// One message: a header, a fixed part, attributes.
class NetlinkRequest {
 public:
  NetlinkRequest(uint16_t type, uint16_t flags);
  template <typename Fixed>
  NetlinkRequest& fixed(const Fixed& part) {
    bytes_.append(reinterpret_cast<const char*>(&part), sizeof part);
    return *this;
  }
  NetlinkRequest& attribute(uint16_t type, std::string_view payload);
  NetlinkRequest& number(uint16_t type, uint32_t value);
  // Complete, with its length filled in.
  std::string take();

 private:
  std::string bytes_;
};

struct NetlinkAnswer {
  uint16_t type = 0;
  std::string payload;  // fixed part and attributes
};
using NetlinkAttributes = std::vector<std::pair<uint16_t, std::string>>;

// The messages of one datagram. Every length is checked.
Result<std::vector<NetlinkAnswer>> parse_netlink(std::string_view datagram);
NetlinkAttributes parse_attributes(std::string_view bytes);

// A socket in the network namespace in which it is opened.
class Netlink {
 public:
  static Result<Netlink> open();
  // Sends it and waits for the acknowledgement.
  Result<void> change(const std::string& request);
  // All answers of a dump.
  Result<std::vector<NetlinkAnswer>> dump(const std::string& request);

 private:
  explicit Netlink(Fd socket) : socket_(std::move(socket)) {}
  Result<bool> receive(std::vector<NetlinkAnswer>& answers);
  Fd socket_;
};

}  // namespace nemoclaw::isolation
