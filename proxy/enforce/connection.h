// A connection whose requests are judged one by one: who made it, and what it was allowed to reach.
#pragma once

#include <asio/ip/address.hpp>
#include <memory>
#include <vector>

#include "policy/engine/engine.h"
#include "proxy/audit/event.h"
#include "proxy/enforce/container.h"

namespace nemoclaw::enforce {

struct Connection {
  std::string via;
  std::shared_ptr<Container> container;
  policy::L4Request request;  // the caller, the normalised host, the port
  audit::Actor actor;
  std::vector<asio::ip::address> addresses;
  // Judged the addresses; another engine in force means that they are judged again.
  std::shared_ptr<const policy::Engine> judged_by;
  bool is_tls = false;
};

}  // namespace nemoclaw::enforce
