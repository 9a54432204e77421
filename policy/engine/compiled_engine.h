// The engine itself. decide_l4 and addresses: engine.cc; requests: decide_l7.cc, by the rules in
// request_rules.cc; texts of denials: explain_denial.cc and explain_request.cc.
#pragma once

#include <span>

#include "policy/engine/compiled.h"
#include "policy/engine/index.h"
#include "policy/engine/request_rules.h"
#include "policy/engine/small_list.h"

namespace nemoclaw::policy {

class CompiledEngine final : public Engine {
 public:
  CompiledEngine(std::vector<CompiledEntry> entries, BinarySets binaries, SharedTexts texts, DnsMode dns,
                 std::vector<CredentialBinding> credentials)
      : entries_(std::move(entries)),
        binaries_(std::move(binaries)),
        texts_(std::move(texts)),
        index_(entries_, binaries_),
        dns_(dns),
        credentials_(std::move(credentials)) {}

  Decision decide_l4(const L4Request& request) const override;
  Decision decide_l7(const L7Request& request) const override;
  std::optional<L7Plan> plan_l7(const L4Request& request, std::string_view path) const override;
  Decision judge_addresses(const L4Request& request, const Decision& l4,
                           const std::vector<Address>& addresses,
                           const std::vector<Address>& node_addresses) const override;
  HostMatch match_host(std::string_view host) const override;
  DnsMode dns_mode() const override { return dns_; }
  const std::vector<CredentialBinding>& credentials() const override { return credentials_; }
  std::vector<std::string> named_binaries() const override { return binaries_.named(); }

 private:
  using Grants = SmallList<Grant, 16>;

  // The slots of this connection, in no order, now and then one twice. One entry must match on both sides: an
  // endpoint of one and a binary of another do not add up.
  template <typename Visit>
  void for_each_slot(const L4Request& request, Visit&& visit) const;
  // The endpoints whose rules judge requests to this path, in the order of the entries.
  void inspected_grants(const L4Request& request, std::string_view path, Grants& grants) const;
  // The reason of an L4 denial, and the entry that came nearest.
  Decision explain_denial(const L4Request& request) const;
  // A path that the connection's endpoints do cover, as a sentence.
  std::string covered_path(const L4Request& request) const;

  std::vector<CompiledEntry> entries_;
  BinarySets binaries_;
  SharedTexts texts_;    // entries_ point into it
  EndpointIndex index_;  // points into entries_
  DnsMode dns_;
  std::vector<CredentialBinding> credentials_;
};

// "POST /x not permitted by policy", and the allow rule that came nearest.
void explain_request(std::span<const Grant> grants, const Question& asked, Decision& decision);

template <typename Visit>
void CompiledEngine::for_each_slot(const L4Request& request, Visit&& visit) const {
  constexpr size_t kFew = 8;  // up to here asking each set is faster than looking for the caller's
  const auto ask = [&](const Slot& slot) {
    if (binaries_.match(slot.binaries, request.caller) == BinaryMatch::Yes) visit(slot);
  };
  index_.for_each_group(request.host, [&](const HostGroup& group) {
    const PortSlots* port = group.find_port(request.port);
    if (!port) return;
    if (port->slots.size() <= kFew) {
      for (const Slot& slot : port->slots) ask(slot);
      return;
    }
    for (BinarySets::Id set : port->undecided) ask(*port->find_slot(set));
    binaries_.for_each_named(request.caller, [&](BinarySets::Id set) {
      if (const Slot* slot = port->find_slot(set)) ask(*slot);
    });
  });
}

}  // namespace nemoclaw::policy
