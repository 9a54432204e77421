// The half of fence_messages.h that reads.
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cstring>

#include "hooks/fence_messages.h"

namespace nemoclaw::hooks {

namespace {

// One attribute as it lies in the bytes.
struct Attribute {
  uint16_t type = 0;
  bool nested = false;
  std::string_view payload;
};

std::vector<Attribute> attributes_of(std::string_view bytes) {
  std::vector<Attribute> all;
  nlattr header;
  while (bytes.size() >= sizeof header) {
    memcpy(&header, bytes.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > bytes.size()) break;
    all.push_back({static_cast<uint16_t>(header.nla_type & NLA_TYPE_MASK),
                   (header.nla_type & NLA_F_NESTED) != 0,
                   bytes.substr(sizeof header, header.nla_len - sizeof header)});
    bytes.remove_prefix(std::min<size_t>(bytes.size(), (header.nla_len + 3U) & ~3U));
  }
  return all;
}

std::string_view find(const std::vector<Attribute>& attributes, uint16_t type) {
  for (const Attribute& each : attributes)
    if (each.type == type) return each.payload;
  return {};
}

std::string_view name_of(std::string_view payload) { return payload.substr(0, payload.find('\0')); }

uint32_t number_of(std::string_view payload) {
  uint32_t number = 0;
  for (const char byte : payload.substr(0, sizeof number)) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

// The attributes of an answer about our table.
std::vector<Attribute> ours(const NetlinkAnswer& answer, uint16_t message, uint16_t table) {
  if (answer.type != (NFNL_SUBSYS_NFTABLES << 8 | message) || answer.payload.size() < sizeof(nfgenmsg))
    return {};
  if (answer.payload[0] != NFPROTO_INET) return {};
  std::vector<Attribute> attributes =
      attributes_of(std::string_view(answer.payload).substr(sizeof(nfgenmsg)));
  if (name_of(find(attributes, table)) != kFenceTable) attributes.clear();
  return attributes;
}

// Whether all that was asked for is there; the kernel adds what follows from it.
bool holds(std::string_view asked, std::string_view shown) {
  const std::vector<Attribute> there = attributes_of(shown);
  for (const Attribute& each : attributes_of(asked)) {
    const auto found = std::find_if(there.begin(), there.end(),
                                    [&](const Attribute& other) { return other.type == each.type; });
    if (found == there.end()) return false;
    if (each.nested ? !holds(each.payload, found->payload) : each.payload != found->payload) return false;
  }
  return true;
}

struct Expression {
  std::string_view name, data;
};

std::vector<Expression> expressions_of(std::string_view bytes) {
  std::vector<Expression> all;
  for (const Attribute& element : attributes_of(bytes)) {
    const std::vector<Attribute> parts = attributes_of(element.payload);
    all.push_back({name_of(find(parts, NFTA_EXPR_NAME)), find(parts, NFTA_EXPR_DATA)});
  }
  return all;
}

// The kernel has given the set a name of its own; its keys say that it is the one.
bool same_lookup(const FenceRule& rule, std::string_view asked, std::string_view data,
                 const ShownFence& shown) {
  const std::vector<Attribute> there = attributes_of(data);
  if (find(there, NFTA_LOOKUP_SREG) != find(attributes_of(asked), NFTA_LOOKUP_SREG)) return false;
  if (number_of(find(there, NFTA_LOOKUP_FLAGS)) != 0 || !rule.set) return false;
  const std::string_view name = name_of(find(there, NFTA_LOOKUP_SET));
  for (const ShownSet& set : shown.sets)
    if (set.name == name)
      return set.keys.size() == rule.set->keys.size() &&
             std::is_permutation(set.keys.begin(), set.keys.end(), rule.set->keys.begin());
  return false;
}

bool same_rule(const FenceRule& rule, const std::string& bytes, const ShownFence& shown) {
  const std::vector<Expression> asked = expressions_of(rule.expressions), there = expressions_of(bytes);
  if (asked.size() != there.size()) return false;
  for (size_t at = 0; at < asked.size(); ++at) {
    if (asked[at].name != there[at].name) return false;
    const bool same = asked[at].name == "lookup" ? same_lookup(rule, asked[at].data, there[at].data, shown)
                                                 : holds(asked[at].data, there[at].data);
    if (!same) return false;
  }
  return true;
}

Result<void> compare_chain(const FenceChain& chain, const ShownChain& there, const ShownFence& shown) {
  const uint32_t policy = chain.drops ? NF_DROP : NF_ACCEPT;
  if (there.type != chain.type || there.hook_number != chain.hook_number ||
      there.priority != chain.priority || there.policy != policy)
    return make_error(format("chain '%s' is not '%s'", chain.name, chain.declaration().c_str()));
  if (there.rules.size() != chain.rules.size())
    return make_error(format("chain '%s' has %zu rules instead of %zu", chain.name, there.rules.size(),
                             chain.rules.size()));
  for (size_t at = 0; at < chain.rules.size(); ++at)
    if (!same_rule(chain.rules[at], there.rules[at], shown))
      return make_error(
          format("chain '%s', rule %zu is not '%s'", chain.name, at + 1, chain.rules[at].text.c_str()));
  return {};
}

}  // namespace

void add_shown_chains(const std::vector<NetlinkAnswer>& answers, ShownFence& shown) {
  for (const NetlinkAnswer& answer : answers) {
    const std::vector<Attribute> attributes = ours(answer, NFT_MSG_NEWCHAIN, NFTA_CHAIN_TABLE);
    if (attributes.empty()) continue;
    const std::vector<Attribute> hook = attributes_of(find(attributes, NFTA_CHAIN_HOOK));
    ShownChain chain;
    chain.name = name_of(find(attributes, NFTA_CHAIN_NAME));
    chain.type = name_of(find(attributes, NFTA_CHAIN_TYPE));
    chain.hook_number = number_of(find(hook, NFTA_HOOK_HOOKNUM));
    chain.priority = static_cast<int32_t>(number_of(find(hook, NFTA_HOOK_PRIORITY)));
    chain.policy = number_of(find(attributes, NFTA_CHAIN_POLICY));
    shown.chains.push_back(std::move(chain));
  }
}

Result<void> add_shown_rules(const std::vector<NetlinkAnswer>& answers, ShownFence& shown) {
  for (const NetlinkAnswer& answer : answers) {
    const std::vector<Attribute> attributes = ours(answer, NFT_MSG_NEWRULE, NFTA_RULE_TABLE);
    if (attributes.empty()) continue;
    const std::string_view name = name_of(find(attributes, NFTA_RULE_CHAIN));
    const auto chain = std::find_if(shown.chains.begin(), shown.chains.end(),
                                    [&](const ShownChain& each) { return each.name == name; });
    if (chain == shown.chains.end()) return make_error("chain " + quoted(name) + " is not there");
    chain->rules.emplace_back(find(attributes, NFTA_RULE_EXPRESSIONS));
  }
  return {};
}

std::vector<std::string> shown_set_names(const std::vector<NetlinkAnswer>& answers) {
  std::vector<std::string> names;
  for (const NetlinkAnswer& answer : answers) {
    const std::vector<Attribute> attributes = ours(answer, NFT_MSG_NEWSET, NFTA_SET_TABLE);
    if (!attributes.empty()) names.emplace_back(name_of(find(attributes, NFTA_SET_NAME)));
  }
  return names;
}

std::vector<uint8_t> shown_set_keys(const std::vector<NetlinkAnswer>& answers) {
  std::vector<uint8_t> keys;
  for (const NetlinkAnswer& answer : answers) {
    const std::vector<Attribute> attributes = ours(answer, NFT_MSG_NEWSETELEM, NFTA_SET_ELEM_LIST_TABLE);
    for (const Attribute& element : attributes_of(find(attributes, NFTA_SET_ELEM_LIST_ELEMENTS))) {
      const std::string_view key = find(attributes_of(element.payload), NFTA_SET_ELEM_KEY);
      const std::string_view value = find(attributes_of(key), NFTA_DATA_VALUE);
      keys.push_back(value.empty() ? uint8_t{0} : static_cast<uint8_t>(value[0]));
    }
  }
  return keys;
}

Result<void> compare_fence(const std::vector<FenceChain>& chains, const ShownFence& shown) {
  for (const FenceChain& chain : chains) {
    const auto there = std::find_if(shown.chains.begin(), shown.chains.end(),
                                    [&](const ShownChain& each) { return each.name == chain.name; });
    if (there == shown.chains.end())
      return make_error(std::string("chain '") + chain.name + "' is not there");
    TRY(compare_chain(chain, *there, shown));
  }
  if (shown.chains.size() != chains.size()) return make_error("there is a chain that was not loaded");
  return {};
}

}  // namespace nemoclaw::hooks
