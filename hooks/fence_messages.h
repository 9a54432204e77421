// The fence as netlink messages to nf_tables, and what the kernel's answers say about it. Pure.
#pragma once

#include <string>
#include <vector>

#include "hooks/fence_plan.h"

namespace nemoclaw::hooks {

// What the kernel takes altogether or not at all.
struct FenceTransaction {
  std::string messages;
  std::vector<std::string> parts;  // by sequence number: what a refusal is about
};

// Drops an old table of ours if there is one and adds the new one. No other table is touched.
FenceTransaction fence_transaction(const std::vector<FenceChain>& chains);
// Refused if there is no table of ours.
FenceTransaction fence_removal();

// Requests for what the kernel holds: of the table alone, and of everything in it.
std::string table_request();
std::string chains_request();
std::string rules_request();
std::string sets_request();
std::string set_request(const std::string& name);

// What the kernel shows.
struct ShownChain {
  std::string name, type;
  uint32_t hook_number = 0, policy = 0;
  int32_t priority = 0;
  std::vector<std::string> rules;  // expressions of each
};
struct ShownSet {
  std::string name;
  std::vector<uint8_t> keys;
};
struct ShownFence {
  std::vector<ShownChain> chains;
  std::vector<ShownSet> sets;
};
// Adds chains, then rules to the chains that are known; what belongs to another table is left out.
void add_shown_chains(const std::vector<NetlinkAnswer>& answers, ShownFence& shown);
Result<void> add_shown_rules(const std::vector<NetlinkAnswer>& answers, ShownFence& shown);
std::vector<std::string> shown_set_names(const std::vector<NetlinkAnswer>& answers);
std::vector<uint8_t> shown_set_keys(const std::vector<NetlinkAnswer>& answers);

// Every chain with its hook, priority and policy, its rules in their order with each of their expressions,
// and the keys of their sets. An error names the first difference.
Result<void> compare_fence(const std::vector<FenceChain>& chains, const ShownFence& shown);

}  // namespace nemoclaw::hooks
