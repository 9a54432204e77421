// What the decisions of one sandbox share. One thread; lives as long as the proxy.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/model/upstream_proxy.h"
#include "proxy/audit/log.h"
#include "proxy/dns/name_memory.h"
#include "proxy/dns/resolver.h"
#include "proxy/enforce/container.h"
#include "proxy/enforce/credentials.h"
#include "proxy/enforce/held_bytes.h"
#include "proxy/enforce/idle_origins.h"
#include "proxy/enforce/name_judge.h"
#include "proxy/enforce/quota.h"
#include "proxy/metrics/meters.h"
#include "proxy/peer/identity.h"

namespace nemoclaw::tls {
class Trust;
}

namespace nemoclaw::enforce {

struct Live;

struct Counters {
  uint64_t connections = 0;  // open now
  uint64_t tunnels = 0;      // of these, those whose bytes are passed on unread
  uint64_t allowed = 0, denied = 0, audit_failures = 0;
};

struct Context {
  Context(std::shared_ptr<Container> first, peer::Identifier finder, audit::Log written)
      : containers{std::move(first)}, identifier(std::move(finder)), log(std::move(written)) {}

  // Never empty: the first is the one that the sandbox was made for.
  std::vector<std::shared_ptr<Container>> containers;
  peer::Identifier identifier;
  peer::HashCache hashes;
  std::vector<policy::Address> node_addresses;
  std::unique_ptr<dns::Resolver> resolver;  // none until the runtime says "start"
  std::shared_ptr<tls::Trust> trust;        // whom clients and the proxy believe; made at the start
  std::unique_ptr<Secrets> secrets;         // the node's
  // Of the container's resolv.conf; both are never used to resolve, only to understand who asks for what.
  std::vector<std::string> search_domains;
  std::vector<asio::ip::address> name_servers;
  dns::NameMemory names;  // what the sandbox was told
  NameBudget name_budget;
  audit::Log log;
  bool audit_fail_closed = true;
  std::string decision_prefix;  // random per start of the proxy, so that ids are never used twice
  uint64_t decisions = 0;
  Counters counters;
  metrics::Meters meters;
  // Of the node: what is not reached directly is reached through it.
  std::optional<policy::UpstreamProxy> upstream_proxy;
  std::string upstream_authorization;
  Quota quota;
  BodyMemory body_memory;
  IdleOrigins idle_origins;
  std::set<Live*> live;  // each registers itself (live.h)

  const std::shared_ptr<Container>& main() const { return containers.front(); }
  // The container with this id, or the first: a caller that nobody knows is refused, and that is on the
  // sandbox.
  const std::shared_ptr<Container>& container(const std::string& id) const;
  std::shared_ptr<Container> find_container(const std::string& id) const;  // null: there is none
  // Replaces one of the same id.
  void add_container(std::shared_ptr<Container> added);
  void remove_container(const std::string& id);

  std::string next_decision() { return decision_prefix + "-" + std::to_string(++decisions); }
  // False if the event is not in the audit and the node wants nothing to happen unseen.
  bool record(const audit::Event& event);

 private:
  void count(const audit::Event& event);
};

policy::Address to_policy_address(const asio::ip::address& address);

}  // namespace nemoclaw::enforce
