#include "hooks/fence_plan.h"

#include <gtest/gtest.h>

namespace nemoclaw::hooks {
namespace {

using policy::InboundRule;

// The whole text: a change of any rule must be seen here, and be wanted.
TEST(FencePlan, RulesetWithoutInbound) {
  const Result<FencePlan> plan = plan_fence({});
  ASSERT_TRUE(plan);
  EXPECT_EQ(fence_ruleset(fence_chains(*plan)), R"(add table inet nemoclaw
delete table inet nemoclaw
table inet nemoclaw {
	chain capture {
		type nat hook output priority -110; policy accept;
		meta mark 0x00004e43 accept
		ip daddr 127.0.0.11 udp dport 53 redirect to :3130
		ip daddr 127.0.0.11 tcp dport 53 redirect to :3130
		oif "lo" accept
		udp dport 53 redirect to :3130
		tcp dport 53 redirect to :3130
		meta l4proto tcp redirect to :3129
	}
	chain output {
		type filter hook output priority 0; policy drop;
		meta mark 0x00004e43 accept
		ip daddr 127.0.0.11 meta l4proto tcp reject with tcp reset
		ip daddr 127.0.0.11 reject with icmpx port-unreachable
		oif "lo" accept
		rt ip nexthop 127.0.0.1 ct status dnat ip daddr 127.0.0.1 tcp dport 3129 accept
		rt ip6 nexthop ::1 ct status dnat ip6 daddr ::1 tcp dport 3129 accept
		rt ip nexthop 127.0.0.1 ct status dnat ip daddr 127.0.0.1 meta l4proto { tcp, udp } th dport 3130 accept
		rt ip6 nexthop ::1 ct status dnat ip6 daddr ::1 meta l4proto { tcp, udp } th dport 3130 accept
		ct state established ct direction reply accept
		ct state related meta l4proto { icmp, ipv6-icmp } accept
		icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
		icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } ip6 hoplimit 1 accept
		tcp flags & rst == rst drop
		limit rate 20/second burst 40 packets log group 20035 snaplen 128
		meta l4proto tcp reject with tcp reset
		reject with icmpx port-unreachable
	}
	chain leave {
		type filter hook postrouting priority 0; policy accept;
		oif "lo" accept
		ip daddr 127.0.0.0/8 drop
		ip6 daddr ::1 drop
	}
	chain input {
		type filter hook input priority 0; policy drop;
		iif "lo" accept
		ct state established accept
		ct state related meta l4proto { icmp, ipv6-icmp } accept
		icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
	}
	chain forward {
		type filter hook forward priority 0; policy drop;
	}
}
)");
}

TEST(FencePlan, InboundRulesBecomeInputRules) {
  const Result<FencePlan> plan = plan_fence({
      InboundRule{.port = 8080, .protocol = "tcp", .from = {"10.0.0.0/8", "fd00:0:0::/8", "192.0.2.7"}},
      InboundRule{.port = 53, .protocol = "udp"},
  });
  ASSERT_TRUE(plan);
  const std::string text = fence_ruleset(fence_chains(*plan));
  EXPECT_NE(text.find("\t\tip saddr 10.0.0.0/8 tcp dport 8080 accept\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\t\tip saddr 192.0.2.7 tcp dport 8080 accept\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\t\tip6 saddr fd00::/8 tcp dport 8080 accept\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\t\tudp dport 53 accept\n"), std::string::npos) << text;
  // A rule with prefixes never becomes one without.
  EXPECT_EQ(text.find("\t\ttcp dport 8080 accept\n"), std::string::npos) << text;
}

TEST(FencePlan, WithoutLoggingOnlyTheLogRuleIsGone) {
  FencePlan plan;
  const std::string with = fence_ruleset(fence_chains(plan));
  plan.log = false;
  std::string expected = with;
  const size_t at = expected.find("\t\tlimit rate");
  expected.erase(at, expected.find('\n', at) + 1 - at);
  EXPECT_EQ(fence_ruleset(fence_chains(plan)), expected);
}

TEST(FencePlan, RefusesWhatIsNotAnInboundRule) {
  struct Case {
    InboundRule rule;
    const char* message;
  };
  const Case cases[] = {
      {{.port = 0, .protocol = "tcp"}, "port 0"},
      {{.port = 80, .protocol = "sctp"}, "'sctp' is neither tcp nor udp"},
      {{.port = 80, .protocol = "tcp", .from = {"10.0.0.0/33"}}, "bad prefix length"},
      {{.port = 80, .protocol = "tcp", .from = {"10.0.0.0/8x"}}, "bad prefix length"},
      {{.port = 80, .protocol = "tcp", .from = {"10.0.0.0/"}}, "bad prefix length"},
      {{.port = 80, .protocol = "tcp", .from = {"::/0 accept\n}"}}, "bad prefix length"},
      {{.port = 80, .protocol = "tcp", .from = {"node"}}, "is not an address"},
      {{.port = 80, .protocol = "tcp", .from = {""}}, "is not an address"},
  };
  for (const Case& each : cases) {
    const Result<FencePlan> plan = plan_fence({each.rule});
    ASSERT_FALSE(plan) << each.message;
    EXPECT_NE(plan.error().message.find(each.message), std::string::npos) << plan.error().message;
  }
}

TEST(FencePlan, ProbesComeFromTheNodesOwnAddresses) {
  FencePlan plan;
  ASSERT_TRUE(accept_probes(plan, "10.0.0.1\n127.0.0.1\n169.254.1.1\n2001:db8::1\n::1\nfe80::1\n"));
  ASSERT_EQ(plan.probes.size(), 2U);
  EXPECT_EQ(plan.probes[0].text(), "10.0.0.1");
  EXPECT_EQ(plan.probes[1].text(), "2001:db8::1");
  const std::string text = fence_ruleset(fence_chains(plan));
  EXPECT_NE(text.find("\t\tip saddr 10.0.0.1 meta l4proto tcp accept\n"), std::string::npos);
  EXPECT_NE(text.find("\t\tip6 saddr 2001:db8::1 meta l4proto tcp accept\n"), std::string::npos);
  for (const char* bad : {"10.0.0.1/8\n", "nonsense\n", "10.0.0.1; accept\n"})
    EXPECT_FALSE(accept_probes(plan, bad)) << bad;
}

}  // namespace
}  // namespace nemoclaw::hooks
