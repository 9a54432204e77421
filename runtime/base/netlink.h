// netlink(7): requests as bytes, answers taken apart. The codec is pure.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw {

// One message: a header, a fixed part, attributes.
class NetlinkRequest {
 public:
  NetlinkRequest(uint16_t type, uint16_t flags, uint32_t sequence = 1);
  template <typename Fixed>
  NetlinkRequest& fixed(const Fixed& part) {
    bytes_.append(reinterpret_cast<const char*>(&part), sizeof part);
    return *this;
  }
  // Attributes that were made elsewhere.
  NetlinkRequest& raw(std::string_view attributes);
  NetlinkRequest& attribute(uint16_t type, std::string_view payload);
  NetlinkRequest& number(uint16_t type, uint32_t value);
  // Complete, with its length filled in.
  std::string take();

 private:
  std::string bytes_;
};

// Attributes one after the other, some within others. Numbers are big endian here, as netfilter wants them.
class NetlinkAttributeWriter {
 public:
  NetlinkAttributeWriter& put(uint16_t type, std::string_view payload);
  // With the NUL at its end.
  NetlinkAttributeWriter& put_name(uint16_t type, std::string_view name);
  template <typename Number>
  NetlinkAttributeWriter& put_number(uint16_t type, Number value) {
    char bytes[sizeof value];
    for (size_t at = sizeof value; at-- > 0; value = static_cast<Number>(value >> (sizeof value > 1 ? 8 : 0)))
      bytes[at] = static_cast<char>(value);
    return put(type, {bytes, sizeof bytes});
  }
  // What is put until end() lies within an attribute of this type.
  NetlinkAttributeWriter& begin(uint16_t type);
  NetlinkAttributeWriter& end();
  // Attributes that were made elsewhere.
  NetlinkAttributeWriter& append(std::string_view attributes);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::vector<size_t> open_;
};

struct NetlinkAnswer {
  uint16_t type = 0;
  std::string payload;  // fixed part and attributes
  uint16_t flags = 0;
};
using NetlinkAttributes = std::vector<std::pair<uint16_t, std::string>>;

// The messages of one datagram. Every length is checked.
Result<std::vector<NetlinkAnswer>> parse_netlink(std::string_view datagram);
NetlinkAttributes parse_attributes(std::string_view bytes);

// A message of a batch that the kernel did not take.
struct NetlinkRefusal {
  int code = 0;
  uint32_t sequence = 0;
};

// A socket in the network namespace in which it is opened.
class Netlink {
 public:
  static Result<Netlink> open(int protocol = NETLINK_ROUTE);
  // Sends it and waits for the acknowledgement.
  Result<void> change(const std::string& request);
  // All answers of a dump. One during which something changed is an error with EINTR.
  Result<std::vector<NetlinkAnswer>> dump(const std::string& request);
  // Several messages in one datagram, which the kernel takes altogether or not at all (nfnetlink). One of
  // them asks for an acknowledgement; without it the batch counts as failed.
  Result<std::optional<NetlinkRefusal>> batch(const std::string& messages);

 private:
  Netlink(Fd socket, std::unique_ptr<char[]> buffer)
      : socket_(std::move(socket)), buffer_(std::move(buffer)) {}
  Result<void> send(const std::string& request);
  Result<std::string_view> receive(int flags);
  Result<bool> collect(std::vector<NetlinkAnswer>& answers);
  Fd socket_;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace nemoclaw
