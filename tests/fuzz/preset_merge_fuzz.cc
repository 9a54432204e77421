// Any policy text: a preset goes in or is refused; what goes in makes a valid policy, is not added twice, and
// comes out again without another change of meaning.
#include <cstdint>
#include <cstdlib>

#include "policy/parse/full_schema.h"
#include "policy/parse/merge_preset.h"
#include "policy/parse/parse.h"

using namespace nemoclaw::policy;

namespace {

constexpr const char* kPreset =
    "preset: {name: one}\nnetwork_policies:\n  one:\n    # x\n    endpoints:\n      - &a {host: "
    "api.one.test, port: 443}\n"
    "    binaries: [{path: /b}]\n";

std::string meaning(const PolicyText& policy) { return to_yaml(convert_policy(policy.policy, policy.text)); }

bool read(const std::string& text, PolicyText& out) {
  auto outcome = parse_policy(text, "p");
  if (!outcome.policy) return false;
  out = {"p", text, std::move(*outcome.policy)};
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  PolicyText policy, preset, with, without;
  if (!read(std::string(reinterpret_cast<const char*>(data), size), policy)) return 0;
  if (!read(kPreset, preset)) abort();
  const auto added = add_preset(policy, preset, "");
  if (!added) return 0;
  if (!read(added->text, with)) abort();
  const auto again = add_preset(with, preset, "");
  if (!again || again->text != with.text) abort();
  if (added->entries.empty()) return 0;
  const auto removed = remove_preset(with, preset);
  if (!removed) return 0;  // an alias may now stand where the entry would have to be cut
  if (!read(removed->text, without)) abort();
  // An empty section may remain where there was none: that is no change of meaning.
  if (meaning(without) != meaning(policy)) abort();
  return 0;
}
