// One request as a plain description, judged as the proxy does it: canonical host, connection, addresses,
// canonical target, rules.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/engine/engine.h"

namespace nemoclaw::ctl {

struct DescribedRequest {
  policy::Caller caller;
  std::string host;  // as sent
  uint16_t port = 0;
  std::optional<std::vector<policy::Address>> addresses;  // absent: not judged
  bool inspect = false;                                   // judge the request itself, not only the connection
  std::optional<std::string> target;                      // as sent; replaces path and query of `request`
  policy::L7Request request;  // method, path, query, bodies; the connection is filled in
  std::string malformed;      // not empty: why nothing can be judged, which is a denial
};

policy::Decision judge(const policy::Engine& engine, const DescribedRequest& described);

}  // namespace nemoclaw::ctl
