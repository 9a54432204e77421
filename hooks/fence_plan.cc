#include "hooks/fence_plan.h"

#include <linux/netfilter.h>

#include <algorithm>

namespace nemoclaw::hooks {
namespace {

using Rules = std::vector<FenceRule>;

// Of docker's embedded resolver, and where the proxy listens.
struct Places {
  AddressPrefix resolver{false, std::string("\x7f\0\0\x0b", 4), 32};
  AddressPrefix loopback4{false, std::string("\x7f\0\0\1", 4), 32};
  AddressPrefix loopback6{true, std::string(15, '\0') + '\1', 128};
};

Rules capture_rules(const FencePlan& plan, uint32_t& sets) {
  const Places places;
  const auto rule = [&sets] { return RuleWriter(sets); };
  Rules rules;
  rules.push_back(rule().mark(plan.proxy_mark).accept());
  // Docker's embedded resolver is on loopback too, and would ask any name from inside the namespace.
  for (const char* protocol : {"udp", "tcp"})
    rules.push_back(
        rule().address(Side::Destination, places.resolver).port(protocol, 53).redirect(plan.names_port));
  // To the sandbox's own servers, whatever address they have: local addresses are routed over lo.
  rules.push_back(rule().loopback_out().accept());
  // Every other name server, whatever its address.
  for (const char* protocol : {"udp", "tcp"})
    rules.push_back(rule().port(protocol, 53).redirect(plan.names_port));
  rules.push_back(rule().protocol_tcp().redirect(plan.captured_port));
  return rules;
}

// A redirected packet still carries the interface that was chosen before the redirect, so its new route is
// asked. That of a socket which is bound to an interface leads out of it, whatever the address.
void add_redirected(const FencePlan& plan, uint32_t& sets, Rules& rules) {
  const Places places;
  for (const AddressPrefix& to : {places.loopback4, places.loopback6})
    rules.push_back(RuleWriter(sets)
                        .next_hop(to)
                        .translated()
                        .address(Side::Destination, to)
                        .port("tcp", plan.captured_port)
                        .accept());
  for (const AddressPrefix& to : {places.loopback4, places.loopback6}) {
    RuleWriter rule(sets);
    rules.push_back(rule.next_hop(to)
                        .translated()
                        .address(Side::Destination, to)
                        .protocol_tcp_or_udp()
                        .port("th", plan.names_port)
                        .accept());
  }
}

Rules output_rules(const FencePlan& plan, uint32_t& sets) {
  const Places places;
  const auto rule = [&sets] { return RuleWriter(sets); };
  Rules rules;
  rules.push_back(rule().mark(plan.proxy_mark).accept());
  // Docker's embedded resolver lives inside the namespace: asking it directly would be a way out by DNS.
  // Its real port, which Docker's NAT makes of 53, can be reached without that translation as well.
  rules.push_back(rule().address(Side::Destination, places.resolver).protocol_tcp().reject_with_reset());
  rules.push_back(rule().address(Side::Destination, places.resolver).reject_as_unreachable());
  rules.push_back(rule().loopback_out().accept());
  add_redirected(plan, sets, rules);
  // Answers to inbound connections only. The original direction of an established flow is the proxy's,
  // hence marked; without the direction a sandboxed process could take over the proxy's source port while
  // conntrack still remembers the flow.
  rules.push_back(rule().established().reply_direction().accept());
  rules.push_back(rule().related().protocol_icmp().accept());
  // Sent by the kernel on behalf of the proxy's IPv6, without its mark. The hop limits are what RFC 4861
  // and 2710 demand.
  rules.push_back(rule().icmp6(IcmpV6Use::NeighboursOut, 255).accept());
  rules.push_back(rule().icmp6(IcmpV6Use::MulticastListeners, 1).accept());
  // The kernel's resets for connections that the proxy has closed: neither an attempt nor worth an answer.
  rules.push_back(rule().reset_flag().drop());
  if (plan.log) rules.push_back(rule().log(plan.log_group).as_it_is());
  rules.push_back(rule().protocol_tcp().reject_with_reset());
  rules.push_back(rule().reject_as_unreachable());
  return rules;
}

// The last look, at the interface that a packet really takes: where a route has no gateway, the next hop
// above is the address itself. No packet to a loopback address is meant for the link, not even one of the
// proxy's.
Rules leave_rules(uint32_t& sets) {
  Places places;
  places.loopback4 = {false, std::string("\x7f\0\0\0", 4), 8};
  Rules rules;
  rules.push_back(RuleWriter(sets).loopback_out().accept());
  for (const AddressPrefix& to : {places.loopback4, places.loopback6})
    rules.push_back(RuleWriter(sets).address(Side::Destination, to).drop());
  return rules;
}

Rules input_rules(const FencePlan& plan, uint32_t& sets) {
  const auto rule = [&sets] { return RuleWriter(sets); };
  Rules rules;
  rules.push_back(rule().loopback_in().accept());
  rules.push_back(rule().established().accept());
  rules.push_back(rule().related().protocol_icmp().accept());
  rules.push_back(rule().icmp6(IcmpV6Use::NeighboursIn, 255).accept());
  for (const InboundAccept& each : plan.inbound) {
    if (each.from.empty()) rules.push_back(rule().port(each.protocol.c_str(), each.port).accept());
    for (const AddressPrefix& from : each.from)
      rules.push_back(rule().address(Side::Source, from).port(each.protocol.c_str(), each.port).accept());
  }
  for (const AddressPrefix& from : plan.probes)
    rules.push_back(rule().address(Side::Source, from).protocol_tcp().accept());
  return rules;
}

bool is_four(const AddressPrefix& prefix) { return !prefix.six; }

// Loopback and link-local addresses are nobody's source on the way to a pod.
bool is_source(const AddressPrefix& prefix) {
  const auto first = static_cast<uint8_t>(prefix.network[0]),
             second = static_cast<uint8_t>(prefix.network[1]);
  if (!prefix.six) return first != 127 && !(first == 169 && second == 254);
  return prefix.network != std::string(15, '\0') + '\1' && !(first == 0xfe && (second & 0xc0) == 0x80);
}

}  // namespace

Result<FencePlan> plan_fence(const std::vector<policy::InboundRule>& inbound) {
  FencePlan plan;
  for (const policy::InboundRule& rule : inbound) {
    InboundAccept accept;
    accept.port = rule.port;
    accept.protocol = rule.protocol;
    if (rule.port == 0) return make_error("inbound: port 0 cannot be accepted");
    if (rule.protocol != "tcp" && rule.protocol != "udp")
      return make_error("inbound: protocol " + quoted(rule.protocol) + " is neither tcp nor udp");
    for (const std::string& prefix : rule.from)
      accept.from.push_back(TRY_CONTEXT(parse_address_prefix(prefix), "inbound.from"));
    std::stable_partition(accept.from.begin(), accept.from.end(), is_four);
    plan.inbound.push_back(std::move(accept));
  }
  return plan;
}

Result<void> accept_probes(FencePlan& plan, std::string_view node_addresses) {
  while (!node_addresses.empty()) {
    const size_t end = std::min(node_addresses.find('\n'), node_addresses.size());
    const std::string_view line = node_addresses.substr(0, end);
    node_addresses.remove_prefix(std::min(end + 1, node_addresses.size()));
    if (line.empty()) continue;
    Result<AddressPrefix> address = parse_address_prefix(line);
    if (!address || line.find('/') != line.npos)
      return make_error("node address " + quoted(line) + " is not an address");
    if (is_source(*address)) plan.probes.push_back(std::move(*address));
  }
  std::stable_partition(plan.probes.begin(), plan.probes.end(), is_four);
  return {};
}

std::string FenceChain::declaration() const {
  return format("type %s hook %s priority %d; policy %s;", type, hook, priority, drops ? "drop" : "accept");
}

std::vector<FenceChain> fence_chains(const FencePlan& plan) {
  uint32_t sets = 0;
  std::vector<FenceChain> chains;
  // Before -100, where other tables (Docker's DNS) translate: the first translation of a connection is the
  // one that counts.
  chains.push_back({"capture", "nat", "output", NF_INET_LOCAL_OUT, -110, false, capture_rules(plan, sets)});
  chains.push_back({"output", "filter", "output", NF_INET_LOCAL_OUT, 0, true, output_rules(plan, sets)});
  chains.push_back({"leave", "filter", "postrouting", NF_INET_POST_ROUTING, 0, false, leave_rules(sets)});
  chains.push_back({"input", "filter", "input", NF_INET_LOCAL_IN, 0, true, input_rules(plan, sets)});
  chains.push_back({"forward", "filter", "forward", NF_INET_FORWARD, 0, true, {}});
  return chains;
}

std::string fence_ruleset(const std::vector<FenceChain>& chains) {
  const std::string table = std::string("table inet ") + kFenceTable;
  // `add` first, so that `delete` finds something in every case: the kernel sees one transaction.
  std::string text = "add " + table + "\ndelete " + table + "\n" + table + " {\n";
  for (const FenceChain& chain : chains) {
    text += std::string("\tchain ") + chain.name + " {\n\t\t" + chain.declaration() + "\n";
    for (const FenceRule& rule : chain.rules) text += "\t\t" + rule.text + "\n";
    text += "\t}\n";
  }
  return text + "}\n";
}

}  // namespace nemoclaw::hooks
