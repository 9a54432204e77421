#include "hooks/fence_plan.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace nemoclaw::hooks {
namespace {

constexpr const char* kNeighbourDiscoveryOut =
    "icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept";
constexpr const char* kNeighbourDiscoveryIn =
    "icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept";

// "10.0.0.0/8" or an address; written anew from its parsed form, so that nothing but an address can enter the
// ruleset.
Result<void> add_prefix(const std::string& text, InboundAccept& accept) {
  const size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  unsigned char bytes[16];
  char canonical[INET6_ADDRSTRLEN];
  int family = AF_INET;
  if (inet_pton(AF_INET, address.c_str(), bytes) != 1) {
    family = AF_INET6;
    if (inet_pton(AF_INET6, address.c_str(), bytes) != 1)
      return make_error("inbound.from: " + quoted(text) + " is not an address or prefix");
  }
  const unsigned length_max = family == AF_INET ? 32 : 128;
  unsigned length = length_max;
  if (slash != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data() + slash + 1, end, length);
    if (failure != std::errc() || stop != end || length > length_max)
      return make_error("inbound.from: " + quoted(text) + " has a bad prefix length");
  }
  inet_ntop(family, bytes, canonical, sizeof canonical);
  (family == AF_INET ? accept.from4 : accept.from6).push_back(format("%s/%u", canonical, length));
  return {};
}

std::vector<std::string> capture_rules(const FencePlan& plan) {
  const std::string names = format("redirect to :%u", plan.names_port);
  return {
      format("meta mark 0x%08x accept", plan.proxy_mark),
      // Docker's embedded resolver is on loopback too, and would ask any name from inside the namespace.
      "ip daddr 127.0.0.11 udp dport 53 " + names,
      "ip daddr 127.0.0.11 tcp dport 53 " + names,
      // To the sandbox's own servers, whatever address they have: local addresses are routed over lo.
      "oif \"lo\" accept",
      // Every other name server, whatever its address.
      "udp dport 53 " + names,
      "tcp dport 53 " + names,
      format("meta l4proto tcp redirect to :%u", plan.captured_port),
  };
}

std::vector<std::string> output_rules(const FencePlan& plan) {
  std::vector<std::string> rules = {
      format("meta mark 0x%08x accept", plan.proxy_mark),
      // Docker's embedded resolver lives inside the namespace: asking it directly would be a way out by DNS.
      // Its real port, which Docker's NAT makes of 53, can be reached without that translation as well.
      "ip daddr 127.0.0.11 meta l4proto tcp reject with tcp reset",
      "ip daddr 127.0.0.11 reject with icmpx port-unreachable",
      "oif \"lo\" accept",
      // A redirected packet still carries the interface that was chosen before the redirect, so its new route is
      // asked. That of a socket which is bound to an interface leads out of it, whatever the address.
      format("rt ip nexthop 127.0.0.1 ct status dnat ip daddr 127.0.0.1 tcp dport %u accept", plan.captured_port),
      format("rt ip6 nexthop ::1 ct status dnat ip6 daddr ::1 tcp dport %u accept", plan.captured_port),
      format("rt ip nexthop 127.0.0.1 ct status dnat ip daddr 127.0.0.1 meta l4proto { tcp, udp } th dport %u accept",
             plan.names_port),
      format("rt ip6 nexthop ::1 ct status dnat ip6 daddr ::1 meta l4proto { tcp, udp } th dport %u accept",
             plan.names_port),
      // Answers to inbound connections only. The original direction of an established flow is the proxy's,
      // hence marked; without the direction a sandboxed process could take over the proxy's source port while
      // conntrack still remembers the flow.
      "ct state established ct direction reply accept",
      "ct state related meta l4proto { icmp, ipv6-icmp } accept",
      // Sent by the kernel on behalf of the proxy's IPv6, without its mark. The hop limits are what RFC 4861
      // and 2710 demand.
      kNeighbourDiscoveryOut,
      "icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } ip6 hoplimit 1 accept",
      // The kernel's resets for connections that the proxy has closed: neither an attempt nor worth an
      // answer.
      "tcp flags & rst == rst drop",
  };
  if (plan.log)
    rules.push_back(format("limit rate 20/second burst 40 packets log group %u snaplen 128", plan.log_group));
  rules.push_back("meta l4proto tcp reject with tcp reset");
  rules.push_back("reject with icmpx port-unreachable");
  return rules;
}

// The last look, at the interface that a packet really takes: where a route has no gateway, the next hop above is the
// address itself. No packet to a loopback address is meant for the link, not even one of the proxy's.
std::vector<std::string> leave_rules() {
  return {"oif \"lo\" accept", "ip daddr 127.0.0.0/8 drop", "ip6 daddr ::1 drop"};
}

std::vector<std::string> input_rules(const FencePlan& plan) {
  std::vector<std::string> rules = {
      "iif \"lo\" accept",
      "ct state established accept",
      "ct state related meta l4proto { icmp, ipv6-icmp } accept",
      kNeighbourDiscoveryIn,
  };
  for (const InboundAccept& each : plan.inbound) {
    const std::string service = format("%s dport %u accept", each.protocol.c_str(), each.port);
    if (each.from4.empty() && each.from6.empty()) rules.push_back(service);
    for (const std::string& prefix : each.from4) rules.push_back("ip saddr " + prefix + " " + service);
    for (const std::string& prefix : each.from6) rules.push_back("ip6 saddr " + prefix + " " + service);
  }
  for (const std::string& address : plan.probes4)
    rules.push_back("ip saddr " + address + " meta l4proto tcp accept");
  for (const std::string& address : plan.probes6)
    rules.push_back("ip6 saddr " + address + " meta l4proto tcp accept");
  return rules;
}

// The lines between "chain NAME {" and its "}", trimmed.
Result<std::vector<std::string>> chain_lines(const std::string& listing, const std::string& name) {
  std::vector<std::string> lines;
  bool inside = false;
  for (size_t at = 0; at < listing.size();) {
    const size_t end = std::min(listing.find('\n', at), listing.size());
    const size_t first = std::min(listing.find_first_not_of(" \t", at), end);
    std::string line = listing.substr(first, end - first);
    at = end + 1;
    if (inside && line == "}") return lines;
    if (inside && !line.empty()) lines.push_back(std::move(line));
    if (line == "chain " + name + " {") inside = true;
  }
  return make_error("chain '" + name + "' is not there");
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
    for (const std::string& prefix : rule.from) TRY(add_prefix(prefix, accept));
    plan.inbound.push_back(std::move(accept));
  }
  return plan;
}

Result<void> accept_probes(FencePlan& plan, std::string_view node_addresses) {
  while (!node_addresses.empty()) {
    const size_t end = std::min(node_addresses.find('\n'), node_addresses.size());
    const std::string line(node_addresses.substr(0, end));
    node_addresses.remove_prefix(std::min(end + 1, node_addresses.size()));
    if (line.empty()) continue;
    in_addr four;
    in6_addr six;
    char canonical[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET, line.c_str(), &four) == 1) {
      const uint32_t number = ntohl(four.s_addr);
      if (number >> 24 == 127 || number >> 16 == 0xa9fe) continue;
      plan.probes4.push_back(inet_ntop(AF_INET, &four, canonical, sizeof canonical));
    } else if (inet_pton(AF_INET6, line.c_str(), &six) == 1) {
      if (IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_LINKLOCAL(&six)) continue;
      plan.probes6.push_back(inet_ntop(AF_INET6, &six, canonical, sizeof canonical));
    } else {
      return make_error("node address " + quoted(line) + " is not an address");
    }
  }
  return {};
}

std::vector<FenceChain> fence_chains(const FencePlan& plan) {
  return {
      // Before -100, where other tables (Docker's DNS) translate: the first translation of a connection is
      // the one that counts.
      {"capture", "type nat hook output priority -110; policy accept;", capture_rules(plan)},
      {"output", "type filter hook output priority 0; policy drop;", output_rules(plan)},
      {"leave", "type filter hook postrouting priority 0; policy accept;", leave_rules()},
      {"input", "type filter hook input priority 0; policy drop;", input_rules(plan)},
      {"forward", "type filter hook forward priority 0; policy drop;", {}},
  };
}

std::string fence_ruleset(const FencePlan& plan) {
  const std::string table = std::string("table inet ") + kFenceTable;
  // `add` first, so that `delete` finds something in every case: the kernel sees one transaction.
  std::string text = "add " + table + "\ndelete " + table + "\n" + table + " {\n";
  for (const FenceChain& chain : fence_chains(plan)) {
    text += std::string("\tchain ") + chain.name + " {\n\t\t" + chain.declaration + "\n";
    for (const std::string& rule : chain.rules) text += "\t\t" + rule + "\n";
    text += "\t}\n";
  }
  return text + "}\n";
}

Result<void> check_fence_listing(const FencePlan& plan, const std::string& listing) {
  for (const FenceChain& chain : fence_chains(plan)) {
    const std::vector<std::string> lines = TRY(chain_lines(listing, chain.name));
    if (lines.empty() || lines[0] != chain.declaration)
      return make_error(std::string("chain '") + chain.name + "' is " +
                        quoted(lines.empty() ? "" : lines[0]) + " instead of '" + chain.declaration + "'");
    if (lines.size() - 1 != chain.rules.size())
      return make_error(format("chain '%s' has %zu rules instead of %zu", chain.name, lines.size() - 1,
                               chain.rules.size()));
  }
  return {};
}

}  // namespace nemoclaw::hooks
