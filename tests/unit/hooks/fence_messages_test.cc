#include "hooks/fence_messages.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace nemoclaw::hooks {
namespace {

std::vector<NetlinkAnswer> messages_of(const FenceTransaction& transaction) {
  Result<std::vector<NetlinkAnswer>> messages = parse_netlink(transaction.messages);
  return messages ? *std::move(messages) : std::vector<NetlinkAnswer>();
}

uint16_t nft(uint16_t message) { return static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message); }

TEST(FenceMessages, AreOneBatchThatReplacesTheTable) {
  const FenceTransaction transaction = fence_transaction(fence_chains(FencePlan{}));
  const std::vector<NetlinkAnswer> messages = messages_of(transaction);
  ASSERT_GT(messages.size(), 10U);
  EXPECT_EQ(messages.size(), transaction.parts.size());
  EXPECT_EQ(messages.front().type, NFNL_MSG_BATCH_BEGIN);
  EXPECT_EQ(messages[1].type, nft(NFT_MSG_NEWTABLE));
  EXPECT_EQ(messages[2].type, nft(NFT_MSG_DELTABLE));
  EXPECT_EQ(messages[3].type, nft(NFT_MSG_NEWTABLE));
  EXPECT_EQ(messages.back().type, NFNL_MSG_BATCH_END);
  EXPECT_EQ(transaction.parts[4], "chain 'capture'");
  EXPECT_EQ(transaction.parts[9], "chain 'capture', rule 'meta mark 0x00004e43 accept'");
}

TEST(FenceMessages, NumbersAreInTheOrderOfTheNetwork) {
  using std::string_literals::operator""s;
  NetlinkAttributeWriter out;
  out.put_number<uint8_t>(1, 0xab).put_number<uint16_t>(2, 0x1234).put_number<int32_t>(3, -110).begin(4);
  out.put_number<uint64_t>(5, 20).put_name(6, "lo").end();
  EXPECT_EQ(out.bytes(),
            "\5\0\1\0\xab\0\0\0\6\0\2\0\x12\x34\0\0\x08\0\3\0\xff\xff\xff\x92\x18\0\4\x80\x0c\0\5\0\0\0\0\0\0"
            "\0\0\x14"
            "\7\0\6\0lo\0\0"s);
}

// What we send, taken for what the kernel shows: sets and rules in their order, each set under a name of its
// own.
ShownFence shown_by(const FenceTransaction& transaction) {
  ShownFence shown;
  const std::vector<NetlinkAnswer> messages = messages_of(transaction);
  add_shown_chains(messages, shown);
  EXPECT_TRUE(add_shown_rules(messages, shown));
  return shown;
}

TEST(FenceMessages, AreReadAsTheyWereWritten) {
  std::vector<FenceChain> chains = fence_chains(FencePlan{});
  const ShownFence shown = shown_by(fence_transaction(chains));
  ASSERT_EQ(shown.chains.size(), 5U);
  // The sets have no names yet.
  const Result<void> unnamed = compare_fence(chains, shown);
  ASSERT_FALSE(unnamed);
  EXPECT_EQ(unnamed.error().message,
            "chain 'output', rule 7 is not 'rt ip nexthop 127.0.0.1 ct status dnat ip daddr 127.0.0.1 meta "
            "l4proto { tcp, udp } th "
            "dport 3130 "
            "accept'");
  for (FenceChain& chain : chains)
    std::erase_if(chain.rules, [](const FenceRule& rule) { return rule.set.has_value(); });
  EXPECT_TRUE(compare_fence(chains, shown_by(fence_transaction(chains))));
}

TEST(FenceMessages, SetsAreReadAsTheyWereWritten) {
  const std::vector<NetlinkAnswer> messages = messages_of(fence_transaction(fence_chains(FencePlan{})));
  EXPECT_EQ(shown_set_names(messages), std::vector<std::string>(7, "__set%d"));
  const std::vector<uint8_t> all = {6, 17, 6, 17, 1, 58, 133, 135, 136, 131, 132, 143, 1, 58, 134, 135, 136};
  EXPECT_EQ(shown_set_keys(messages), all);
}

TEST(FenceMessages, ShortAnswersAreNotOurs) {
  for (const std::string& payload :
       {std::string(), std::string(3, '\1'), std::string(4, '\1'), std::string(64, '\xff')}) {
    ShownFence shown;
    add_shown_chains({{nft(NFT_MSG_NEWCHAIN), payload}}, shown);
    EXPECT_TRUE(add_shown_rules({{nft(NFT_MSG_NEWRULE), payload}}, shown));
    EXPECT_TRUE(shown.chains.empty());
    EXPECT_TRUE(shown_set_keys({{nft(NFT_MSG_NEWSETELEM), payload}}).empty());
  }
  EXPECT_FALSE(compare_fence(fence_chains(FencePlan{}), ShownFence{}));
}

TEST(AddressPrefix, IsCanonical) {
  struct Case {
    const char *text, *canonical;
  };
  const Case cases[] = {{"10.1.2.3", "10.1.2.3"},           {"10.1.2.3/32", "10.1.2.3"},
                        {"10.1.2.3/12", "10.0.0.0/12"},     {"10.1.2.3/0", "0.0.0.0/0"},
                        {"2001:DB8::1", "2001:db8::1"},     {"fd00:ff::/9", "fd00::/9"},
                        {"2001:db8::1/128", "2001:db8::1"}, {"::/0", "::/0"}};
  for (const Case& each : cases) {
    const Result<AddressPrefix> prefix = parse_address_prefix(each.text);
    ASSERT_TRUE(prefix) << each.text;
    EXPECT_EQ(prefix->text(), each.canonical);
  }
  using std::string_view_literals::operator""sv;
  for (const std::string_view bad :
       {""sv, "10.0.0"sv, "10.0.0.1\0 accept"sv, "10.0.0.1/"sv, "10.0.0.1/33"sv, "::1/129"sv, "::1/-1"sv})
    EXPECT_FALSE(parse_address_prefix(bad)) << bad;
}

}  // namespace
}  // namespace nemoclaw::hooks
