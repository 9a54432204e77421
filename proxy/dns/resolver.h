// Names to addresses: the container's hosts entries first, then its name servers (c-ares on the event loop).
// The only file behind this header that knows c-ares is resolver.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/dns/resolv_conf.h"
#include "proxy/net/async.h"
#include "runtime/base/result.h"

namespace nemoclaw::dns {

enum class Family : uint8_t { Any, V4, V6 };

struct Found {
  std::vector<asio::ip::address> addresses;  // at most 64, in the order of the answer
  uint32_t ttl_s = 0;                        // the least of them
};

class Resolver {
 public:
  // Must outlive every resolve().
  static Result<std::unique_ptr<Resolver>> create(asio::any_io_executor executor, ResolvConf configuration,
                                                  Hosts hosts);
  virtual ~Resolver() = default;

  // `name`: canonical (lower case, no trailing dot), or an address literal, which resolves to itself. One
  // lookup. A server says that there is no such name: ENOENT; that it has no address of this family: ENODATA.
  virtual net::Task<Result<Found>> look_up(std::string name, Family family) = 0;
  // The whole answer of a name server to a question of another type; errors as above.
  virtual net::Task<Result<std::string>> query(std::string name, uint16_t type) = 0;

  net::Task<Result<std::vector<asio::ip::address>>> resolve(std::string name);
};

}  // namespace nemoclaw::dns
