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

class Resolver {
 public:
  // Must outlive every resolve().
  static Result<std::unique_ptr<Resolver>> create(asio::any_io_executor executor, ResolvConf configuration,
                                                  Hosts hosts);
  virtual ~Resolver() = default;

  // `name`: canonical (lower case, no trailing dot), or an address literal, which resolves to itself. One
  // lookup; at most 64 addresses, in the order of the answer. ENOENT: a server says that there is no such name.
  virtual net::Task<Result<std::vector<asio::ip::address>>> resolve(std::string name) = 0;
};

}  // namespace nemoclaw::dns
