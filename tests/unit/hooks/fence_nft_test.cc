// nft(8) as the oracle: what we load by netlink is what it would have loaded from the text, and the other way
// round.
#include <gtest/gtest.h>

#include "hooks/fence_apply.h"
#include "hooks/fence_messages.h"
#include "tests/unit/hooks/network_namespace.h"

namespace nemoclaw::hooks {
namespace {

using FenceNft = NetworkNamespaceTest;

// Every kind of rule: with prefixes of all shapes, with and without logging.
FencePlan plan_with_everything() {
  FencePlan plan = *plan_fence({
      {.port = 8080,
       .protocol = "tcp",
       .from = {"10.0.0.0/8", "10.16.0.0/12", "192.0.2.7", "0.0.0.0/0", "10.1.2.3/15", "fd00::/8", "fd00::/9",
                "::/0", "2001:db8::5", "2001:db8:ffff::/33"}},
      {.port = 53, .protocol = "udp"},
      {.port = 65535, .protocol = "udp", .from = {"198.51.100.0/24"}},
  });
  EXPECT_TRUE(accept_probes(plan, "10.0.0.1\n2001:db8::1\n"));
  return plan;
}

// Without handles: each rule's position in the table's life.
std::string without_handles(const std::string& listing) {
  std::string text;
  for (size_t at = 0; at < listing.size();) {
    const size_t end = std::min(listing.find('\n', at), listing.size());
    std::string line = listing.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("inet nemoclaw ") && line.find('@') == line.npos)
      while (!line.empty() && (isdigit(line.back()) || line.back() == ' ')) line.pop_back();
    text += line + "\n";
  }
  return text;
}

// What nft says about the table, with the kernel's own instructions.
std::string listing() {
  const Result<std::string> listed = run_nft("list table inet nemoclaw\n", {"--debug=netlink"});
  return listed ? without_handles(*listed) : listed.error().message;
}

std::string load_by_netlink(const FencePlan& plan) {
  Result<Netlink> nft = open_nftables();
  if (!nft) return nft.error().message;
  const Result<LoadedFence> loaded = apply_fence(*nft, plan);
  return loaded ? loaded->warning : loaded.error().message;
}

std::string load_by_nft(const FencePlan& plan) {
  const Result<std::string> loaded = run_nft(fence_ruleset(fence_chains(plan)));
  return loaded ? "" : loaded.error().message;
}

class FenceNftPlans : public FenceNft, public testing::WithParamInterface<bool> {};

TEST_P(FenceNftPlans, LoadsWhatNftLoadsFromTheText) {
  FencePlan plan = plan_with_everything();
  plan.log = GetParam();
  const std::string ours = in_namespace([&] {
    const std::string problem = load_by_netlink(plan);
    return problem.empty() ? listing() : problem;
  });
  const std::string theirs = in_namespace([&] {
    const std::string problem = load_by_nft(plan);
    return problem.empty() ? listing() : problem;
  });
  EXPECT_EQ(ours, theirs);
  EXPECT_NE(ours.find("chain forward"), std::string::npos) << ours;
}
INSTANTIATE_TEST_SUITE_P(WithAndWithoutLog, FenceNftPlans, testing::Bool());

// Our reading of what nft has loaded.
std::string compare_with_kernel(const FencePlan& plan) {
  Result<Netlink> nft = open_nftables();
  const Result<ShownFence> shown = read_fence(*nft);
  if (!shown) return shown.error().message;
  const Result<void> same = compare_fence(fence_chains(plan), *shown);
  return same ? "" : same.error().message;
}

TEST_F(FenceNft, ReadsBackWhatNftHasLoaded) {
  const FencePlan plan = plan_with_everything();
  EXPECT_EQ(in_namespace([&] {
              const std::string problem = load_by_nft(plan);
              return problem.empty() ? compare_with_kernel(plan) : problem;
            }),
            "");
}

TEST_F(FenceNft, SeesEveryDifference) {
  struct Case {
    const char *from, *to, *message;
  };
  const Case cases[] = {
      {"chain forward {", "chain backward {", "chain 'forward' is not there"},
      {"}\n}\n", "}\n\tchain more {\n\t}\n}\n", "there is a chain that was not loaded"},
      {"hook input priority 0; policy drop;", "hook input priority 0; policy accept;",
       "chain 'input' is not 'type filter hook input priority 0; policy drop;'"},
      {"priority -110", "priority -90",
       "chain 'capture' is not 'type nat hook output priority -110; policy accept;'"},
      {"\t\tmeta l4proto tcp redirect to :3129\n", "", "chain 'capture' has 6 rules instead of 7"},
      {"\t\tiif \"lo\" accept\n", "\t\tiif \"lo\" accept\n\t\taccept\n",
       "chain 'input' has 19 rules instead of 18"},
      {"meta mark 0x00004e43 accept", "meta mark 0x00004e44 accept",
       "chain 'capture', rule 1 is not 'meta mark 0x00004e43 accept'"},
      {"ip saddr 10.16.0.0/12", "ip saddr 10.16.0.0/11",
       "chain 'input', rule 6 is not 'ip saddr 10.16.0.0/12 tcp dport 8080 accept'"},
      {"{ icmp, ipv6-icmp }", "{ icmp, ipv6-icmp, tcp }",
       "chain 'output', rule 10 is not 'ct state related meta l4proto { icmp, ipv6-icmp } accept'"},
      {"rt ip nexthop 127.0.0.1", "rt ip nexthop 127.0.0.2",
       "chain 'output', rule 5 is not 'rt ip nexthop 127.0.0.1 ct status dnat ip daddr 127.0.0.1 tcp dport "
       "3129 accept'"},
      {"ip6 daddr ::1 drop", "ip6 daddr ::1 accept", "chain 'leave', rule 3 is not 'ip6 daddr ::1 drop'"},
      {"ct direction reply", "ct direction original",
       "chain 'output', rule 9 is not 'ct state established ct direction reply accept'"},
      {"rst == rst drop", "rst == rst accept",
       "chain 'output', rule 13 is not 'tcp flags & rst == rst drop'"},
      {"redirect to :3129", "redirect to :3128",
       "chain 'capture', rule 7 is not 'meta l4proto tcp redirect to :3129'"},
      {"ip daddr 127.0.0.11 reject with icmpx", "ip daddr != 127.0.0.11 reject with icmpx",
       "chain 'output', rule 3 is not 'ip daddr 127.0.0.11 reject with icmpx port-unreachable'"},
      {"meta l4proto { tcp, udp } th", "meta l4proto != { tcp, udp } th",
       "chain 'output', rule 7 is not 'rt ip nexthop 127.0.0.1 ct status dnat ip daddr 127.0.0.1 meta "
       "l4proto { tcp, udp } th dport "
       "3130 "
       "accept'"},
  };
  const FencePlan plan = plan_with_everything();
  for (const Case& each : cases) {
    std::string text = fence_ruleset(fence_chains(plan));
    const size_t at = text.find(each.from);
    ASSERT_NE(at, std::string::npos) << each.from;
    text.replace(at, std::string_view(each.from).size(), each.to);
    EXPECT_EQ(in_namespace([&] {
                const Result<std::string> loaded = run_nft(text);
                return loaded ? compare_with_kernel(plan) : loaded.error().message;
              }),
              each.message);
  }
}

TEST_F(FenceNft, TouchesNoOtherTable) {
  EXPECT_EQ(in_namespace([] {
              const std::string other =
                  "table inet other {\n\tset s {\n\t\ttype ipv4_addr\n\t}\n\n\tchain c {\n\t\ttype "
                  "filter hook output priority 5; policy accept;\n\t\tcounter packets 0 bytes 0\n\t}\n}\n";
              if (const Result<std::string> made = run_nft(other); !made) return made.error().message;
              if (std::string problem = load_by_netlink(FencePlan{}); !problem.empty()) return problem;
              Result<Netlink> nft = open_nftables();
              if (!fence_exists(*nft)) return std::string("no fence");
              remove_fence(*nft);
              if (fence_exists(*nft)) return std::string("the fence is still there");
              remove_fence(*nft);  // nothing to do
              const std::string left = run_nft("list ruleset\n", {"-y"}).value_or("");
              return left == other ? "" : left;
            }),
            "");
}

// A refused transaction leaves what was there, and says which rule it was.
TEST_F(FenceNft, LoadsAllOrNothing) {
  EXPECT_EQ(in_namespace([]() -> std::string {
              if (std::string problem = load_by_netlink(FencePlan{}); !problem.empty()) return problem;
              const std::string before = listing();
              FencePlan plan;
              plan.inbound.push_back({8080, "tcp", {AddressPrefix{false, std::string(4, '\0'), 800}}});
              const std::string problem = load_by_netlink(plan);
              if (listing() != before) return "the fence changed";
              return problem;
            }),
            "load the fence: nftables: chain 'input', rule 'ip saddr 0.0.0.0/800 tcp dport 8080 accept': "
            "numerical result out of range");
}

TEST_F(FenceNft, ThousandsOfRulesAreOneTransaction) {
  EXPECT_EQ(in_namespace([]() -> std::string {
              policy::InboundRule rule{.port = 80, .protocol = "tcp"};
              for (int at = 0; at < 3000; ++at)
                rule.from.push_back(format("10.%d.%d.0/24", at / 250, at % 250));
              return load_by_netlink(*plan_fence({rule}));
            }),
            "");
}

}  // namespace
}  // namespace nemoclaw::hooks
