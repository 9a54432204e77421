// What the kernel says about the fence and about interfaces; it repeats names that others chose.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "hooks/fence_messages.h"
#include "runtime/base/netlink.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nemoclaw;
  static const std::vector<hooks::FenceChain> chains = hooks::fence_chains(hooks::FencePlan{});
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)parse_attributes(bytes);
  const Result<std::vector<NetlinkAnswer>> answers = parse_netlink(bytes);
  if (!answers) return 0;
  hooks::ShownFence shown;
  hooks::add_shown_chains(*answers, shown);
  if (!hooks::add_shown_rules(*answers, shown)) return 0;
  for (std::string& name : hooks::shown_set_names(*answers))
    shown.sets.push_back({std::move(name), hooks::shown_set_keys(*answers)});
  (void)hooks::compare_fence(chains, shown);
  return 0;
}
