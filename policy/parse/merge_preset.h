// A preset's entries into a policy's text, and out of it again. The rest of the text (comments, order,
// layout) stays as it is, byte for byte. Pure.
#pragma once

#include <string>
#include <vector>

#include "policy/model/policy.h"
#include "runtime/base/result.h"

namespace nemoclaw::policy {

// A policy and what it was read from.
struct PolicyText {
  std::string file, text;
  Policy policy;
};

struct PresetChange {
  std::string text;                  // the policy's, as it should be
  std::vector<std::string> entries;  // names of those that were added or removed; empty: nothing to do
};

// Adds what is not there yet, below a comment that names the preset. An entry of the same name with another
// content, or one that overlaps and disagrees, is an error that names both places. `name` is used instead of
// the preset's own entry name if it is not empty; the preset then must have one entry only.
Result<PresetChange> add_preset(const PolicyText& policy, const PolicyText& preset, const std::string& name);

// Removes the preset's entries. One that was changed since is an error that names both places.
Result<PresetChange> remove_preset(const PolicyText& policy, const PolicyText& preset);

}  // namespace nemoclaw::policy
