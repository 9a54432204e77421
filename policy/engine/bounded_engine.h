// A policy and its node's ceiling: each is asked, and both must allow. No intersection of patterns could be
// as exact.
#pragma once

#include <algorithm>

#include "policy/engine/engine.h"

namespace nemoclaw::policy {

class BoundedEngine final : public Engine {
 public:
  BoundedEngine(std::shared_ptr<const Engine> policy, std::shared_ptr<const Engine> ceiling, std::string name)
      : policy_(std::move(policy)), ceiling_(std::move(ceiling)), name_(std::move(name)) {}

  Decision decide_l4(const L4Request& request) const override;
  Decision decide_l7(const L7Request& request) const override;
  std::optional<L7Plan> plan_l7(const L4Request& request, std::string_view path) const override;
  Decision judge_addresses(const L4Request& request, const Decision& l4,
                           const std::vector<Address>& addresses,
                           const std::vector<Address>& node_addresses) const override;
  HostMatch match_host(std::string_view host) const override {
    return std::min(policy_->match_host(host), ceiling_->match_host(host));
  }
  // The policy's own: intersect() has made it the stricter of the two.
  DnsMode dns_mode() const override { return policy_->dns_mode(); }
  const std::vector<CredentialBinding>& credentials() const override { return policy_->credentials(); }
  std::vector<std::string> named_binaries() const override;

 private:
  // The policy's decision, unless the ceiling denies what it allows.
  Decision both(Decision own, const Decision& bound) const;

  std::shared_ptr<const Engine> policy_, ceiling_;
  std::string name_;
};

}  // namespace nemoclaw::policy
