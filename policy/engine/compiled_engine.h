// The engine itself. decide_l4 and addresses: engine.cc; requests: decide_l7.cc; texts of denials:
// explain_denial.cc and explain_request.cc.
#pragma once

#include "policy/engine/compiled.h"
#include "policy/engine/index.h"

namespace nemoclaw::policy {

class CompiledEngine final : public Engine {
 public:
  CompiledEngine(std::vector<CompiledEntry> entries, std::vector<std::string> named, DnsMode dns)
      : entries_(std::move(entries)), index_(entries_), named_(std::move(named)), dns_(dns) {}

  Decision decide_l4(const L4Request& request) const override;
  Decision decide_l7(const L7Request& request) const override;
  std::optional<L7Plan> plan_l7(const L4Request& request, std::string_view path) const override;
  Decision judge_addresses(const L4Request& request, const Decision& l4,
                           const std::vector<Address>& addresses,
                           const std::vector<Address>& node_addresses) const override;
  HostMatch match_host(std::string_view host) const override;
  DnsMode dns_mode() const override { return dns_; }
  std::vector<std::string> named_binaries() const override { return named_; }

 private:
  // The grants of this connection in the order of the entries, until visit() answers false. One entry must
  // match on both sides: an endpoint of one and a binary of another do not add up.
  template <typename Visit>
  void for_each_grant(const L4Request& request, Visit&& visit) const {
    const CompiledEntry* judged = nullptr;
    bool fits = false;
    index_.for_each_host_match(request.host, [&](const Grant& grant) {
      if (!grant.endpoint->has_port(request.port)) return true;
      if (judged != grant.entry) {
        judged = grant.entry;
        fits = grant.entry->match_binary(request.caller) == BinaryMatch::Yes;
      }
      return !fits || visit(grant);
    });
  }
  std::vector<Grant> inspected_grants(const L4Request& request, std::string_view path) const;
  // The reason of an L4 denial, and the entry that came nearest.
  Decision explain_denial(const L4Request& request) const;

  std::vector<CompiledEntry> entries_;
  EndpointIndex index_;  // points into entries_
  std::vector<std::string> named_;
  DnsMode dns_;
};

// "POST /x not permitted by policy", and the allow rule that came nearest.
void explain_request(const std::vector<Grant>& grants, const L7Request& request, Decision& decision);

}  // namespace nemoclaw::policy
