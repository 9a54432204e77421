// What the decisions of one sandbox share. One thread; lives as long as the proxy.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/engine/engine.h"
#include "proxy/audit/log.h"
#include "proxy/dns/resolver.h"
#include "proxy/peer/identity.h"
#include "proxy/peer/trust.h"

namespace nemoclaw::enforce {

struct Counters {
  uint64_t connections = 0;  // open now
  uint64_t allowed = 0, denied = 0, audit_failures = 0;
};

struct Context {
  Context(std::shared_ptr<const policy::Engine> compiled, peer::Identifier finder, audit::Log written)
      : engine(std::move(compiled)), identifier(std::move(finder)), log(std::move(written)) {}

  std::shared_ptr<const policy::Engine> engine;
  peer::Identifier identifier;
  peer::HashCache hashes;
  peer::TrustStore trust;
  std::vector<policy::Address> node_addresses;
  std::unique_ptr<dns::Resolver> resolver;  // none until the runtime says "start"
  audit::Log log;
  bool audit_fail_closed = true;
  std::string decision_prefix;  // random per start of the proxy, so that ids are never used twice
  uint64_t decisions = 0;
  Counters counters;

  std::string next_decision() { return decision_prefix + "-" + std::to_string(++decisions); }
  // False if the event is not in the audit and the node wants nothing to happen unseen.
  bool record(const audit::Event& event);
};

policy::Address to_policy_address(const asio::ip::address& address);

}  // namespace nemoclaw::enforce
