#include "hooks/fence_messages.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace nemoclaw::hooks {

namespace {

// Collects messages, numbered in their order.
class Transaction {
 public:
  Transaction() {
    add(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, htons(NFNL_SUBSYS_NFTABLES), "", "the transaction");
  }

  void add(uint16_t message, uint16_t flags, const NetlinkAttributeWriter& attributes, std::string part) {
    add(static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message), flags, NFPROTO_INET, 0,
        attributes.bytes(), std::move(part));
  }

  FenceTransaction take() {
    add(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, htons(NFNL_SUBSYS_NFTABLES), "", "the end of the transaction");
    return std::move(done_);
  }

 private:
  void add(uint16_t type, uint16_t flags, uint8_t family, uint16_t resource, std::string_view attributes,
           std::string part) {
    const nfgenmsg header = {family, NFNETLINK_V0, resource};
    NetlinkRequest request(type, flags, static_cast<uint32_t>(done_.parts.size()));
    request.fixed(header).raw(attributes);
    done_.messages += request.take();
    done_.parts.push_back(std::move(part));
  }

  FenceTransaction done_;
};

NetlinkAttributeWriter in_table(uint16_t attribute) {
  NetlinkAttributeWriter out;
  out.put_name(attribute, kFenceTable);
  return out;
}

void add_chain(const FenceChain& chain, Transaction& transaction) {
  NetlinkAttributeWriter out = in_table(NFTA_CHAIN_TABLE);
  out.put_name(NFTA_CHAIN_NAME, chain.name)
      .begin(NFTA_CHAIN_HOOK)
      .put_number(NFTA_HOOK_HOOKNUM, chain.hook_number)
      .put_number(NFTA_HOOK_PRIORITY, chain.priority)
      .end()
      .put_number<uint32_t>(NFTA_CHAIN_POLICY, chain.drops ? NF_DROP : NF_ACCEPT)
      .put_name(NFTA_CHAIN_TYPE, chain.type);
  transaction.add(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK, out, std::string("chain '") + chain.name + "'");
}

void add_set(const FenceSet& set, const std::string& part, Transaction& transaction) {
  NetlinkAttributeWriter out = in_table(NFTA_SET_TABLE);
  out.put_name(NFTA_SET_NAME, kSetName)
      .put_number<uint32_t>(NFTA_SET_FLAGS, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT)
      .put_number(NFTA_SET_KEY_TYPE, set.key_type)
      .put_number<uint32_t>(NFTA_SET_KEY_LEN, 1)
      .put_number(NFTA_SET_ID, set.id)
      .begin(NFTA_SET_DESC)
      .put_number(NFTA_SET_DESC_SIZE, static_cast<uint32_t>(set.keys.size()))
      .end();
  transaction.add(NFT_MSG_NEWSET, NLM_F_CREATE, out, part);
  NetlinkAttributeWriter elements = in_table(NFTA_SET_ELEM_LIST_TABLE);
  elements.put_name(NFTA_SET_ELEM_LIST_SET, kSetName)
      .put_number(NFTA_SET_ELEM_LIST_SET_ID, set.id)
      .begin(NFTA_SET_ELEM_LIST_ELEMENTS);
  for (const uint8_t key : set.keys)
    elements.begin(NFTA_LIST_ELEM).begin(NFTA_SET_ELEM_KEY).put_number(NFTA_DATA_VALUE, key).end().end();
  elements.end();
  transaction.add(NFT_MSG_NEWSETELEM, NLM_F_CREATE, elements, part);
}

void add_rule(const FenceChain& chain, const FenceRule& rule, Transaction& transaction) {
  const std::string part = std::string("chain '") + chain.name + "', rule '" + rule.text + "'";
  if (rule.set) add_set(*rule.set, part, transaction);
  NetlinkAttributeWriter out = in_table(NFTA_RULE_TABLE);
  out.put_name(NFTA_RULE_CHAIN, chain.name).begin(NFTA_RULE_EXPRESSIONS).append(rule.expressions).end();
  transaction.add(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, out, part);
}

std::string request_for(uint16_t message, uint16_t flags, const NetlinkAttributeWriter& attributes) {
  const nfgenmsg header = {NFPROTO_INET, NFNETLINK_V0, 0};
  NetlinkRequest request(static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message), flags);
  request.fixed(header).raw(attributes.bytes());
  return request.take();
}

}  // namespace

FenceTransaction fence_transaction(const std::vector<FenceChain>& chains) {
  Transaction transaction;
  const NetlinkAttributeWriter table = in_table(NFTA_TABLE_NAME);
  // The first, so that there is one to delete in every case.
  transaction.add(NFT_MSG_NEWTABLE, NLM_F_CREATE, table, "the table");
  transaction.add(NFT_MSG_DELTABLE, 0, table, "the old table");
  transaction.add(NFT_MSG_NEWTABLE, NLM_F_CREATE, table, "the table");
  for (const FenceChain& chain : chains) add_chain(chain, transaction);
  for (const FenceChain& chain : chains)
    for (const FenceRule& rule : chain.rules) add_rule(chain, rule, transaction);
  return transaction.take();
}

FenceTransaction fence_removal() {
  Transaction transaction;
  transaction.add(NFT_MSG_DELTABLE, NLM_F_ACK, in_table(NFTA_TABLE_NAME), "the table");
  return transaction.take();
}

std::string table_request() { return request_for(NFT_MSG_GETTABLE, NLM_F_ACK, in_table(NFTA_TABLE_NAME)); }
std::string chains_request() { return request_for(NFT_MSG_GETCHAIN, NLM_F_DUMP, {}); }
std::string rules_request() { return request_for(NFT_MSG_GETRULE, NLM_F_DUMP, in_table(NFTA_RULE_TABLE)); }
std::string sets_request() { return request_for(NFT_MSG_GETSET, NLM_F_DUMP, in_table(NFTA_SET_TABLE)); }

std::string set_request(const std::string& name) {
  NetlinkAttributeWriter out = in_table(NFTA_SET_ELEM_LIST_TABLE);
  out.put_name(NFTA_SET_ELEM_LIST_SET, name);
  return request_for(NFT_MSG_GETSETELEM, NLM_F_DUMP, out);
}

}  // namespace nemoclaw::hooks
