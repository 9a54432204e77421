#include "policy/parse/merge_preset.h"

#include <algorithm>
#include <functional>

#include "policy/model/conflict.h"
#include "policy/parse/full_schema.h"
#include "policy/parse/full_schema_network.h"
#include "policy/parse/network_text.h"
#include "policy/parse/parse.h"

namespace nemoclaw::policy {
namespace {

std::string place(const std::string& file, Location at) { return file + ":" + std::to_string(at.line); }

std::string as_text(const json::Value& value) { return json::Writer().value(value).take(); }

// What an entry says, whatever its name.
std::string content_of(NetworkEntry entry) {
  entry.key = entry.name = "entry";
  return as_text(network_value({entry}));
}

const NetworkEntry* find_entry(const Policy& policy, const std::string& key) {
  const auto found = std::find_if(policy.network.begin(), policy.network.end(),
                                  [&](const NetworkEntry& entry) { return entry.key == key; });
  return found == policy.network.end() ? nullptr : &*found;
}

// A text means what is expected of it, and nothing else has changed.
bool means(const std::string& text, const Policy& expected, std::string_view original) {
  const ParseOutcome outcome = parse_policy(text, "");
  return outcome.policy &&
         as_text(convert_policy(*outcome.policy, text)) == as_text(convert_policy(expected, original));
}

void sort_entries(Policy& policy) {
  std::sort(policy.network.begin(), policy.network.end(),
            [](const NetworkEntry& a, const NetworkEntry& b) { return a.key < b.key; });
}

Result<void> expect_kinds(const PolicyText& policy, const PolicyText& preset) {
  if (!preset.policy.is_preset) return make_error(preset.file + " is a policy, not a preset");
  if (policy.policy.is_preset)
    return make_error(policy.file + " is a preset itself: a preset is added to a policy");
  if (!has_root_key(policy.text, "version"))
    return make_error(policy.file +
                      " is a list of another form: print it as a policy with 'nemoclawctl policy convert'");
  return {};
}

Result<void> expect_no_conflict(const PolicyText& policy, const PolicyText& preset,
                                const std::vector<NetworkEntry>& added) {
  std::vector<NetworkEntry> merged = policy.policy.network;
  merged.insert(merged.end(), added.begin(), added.end());
  const auto conflict = find_conflict(merged);
  if (!conflict) return {};
  const auto name = [&](const NetworkEntry& entry, const Endpoint& endpoint) {
    const bool own = find_entry(policy.policy, entry.key) != nullptr;
    return place(own ? policy.file : preset.file, endpoint.at) + " (entry '" + entry.key + "')";
  };
  return make_error(name(*conflict->first_entry, *conflict->first) + " and " +
                    name(*conflict->second_entry, *conflict->second) + " overlap and disagree on '" +
                    conflict->what + "'; make them agree first");
}

std::string unsafe(const PolicyText& policy) {
  return policy.file +
         ": its network_policies are written in a way that cannot be edited without touching the rest; write "
         "them as a block, or edit by hand";
}

}  // namespace

Result<PresetChange> add_preset(const PolicyText& policy, const PolicyText& preset, const std::string& name) {
  TRY(expect_kinds(policy, preset));
  if (!name.empty() && preset.policy.network.size() != 1)
    return make_error(preset.file + " has " + std::to_string(preset.policy.network.size()) +
                      " entries; only a single one can be given another name");
  std::vector<NetworkEntry> added;
  PresetChange change{policy.text, {}};
  for (NetworkEntry entry : preset.policy.network) {
    const std::string own_key = entry.key;
    if (!name.empty()) entry.key = name;
    if (entry.name == own_key) entry.name = entry.key;
    if (const NetworkEntry* there = find_entry(policy.policy, entry.key)) {
      if (content_of(*there) == content_of(entry)) continue;
      return make_error(place(policy.file, there->at) + ": entry '" + entry.key +
                        "' is not the one of the preset (" + place(preset.file, entry.at) +
                        "); remove or rename it, or add the preset's under another name with --as NAME");
    }
    change.entries.push_back(entry.key);
    added.push_back(std::move(entry));
  }
  TRY(expect_no_conflict(policy, preset, added));
  Policy expected = policy.policy;
  for (const NetworkEntry& entry : added) {
    expected.network.push_back(entry);
    sort_entries(expected);
    const NewEntry fresh{entry, preset.policy.name, preset.text};
    // As the preset writes it, with its comments; else, where its anchors would not survive, in our own hand.
    const auto verbatim = insert_entry(change.text, fresh, true);
    if (verbatim && means(*verbatim, expected, policy.text)) {
      change.text = *verbatim;
      continue;
    }
    const auto plain = insert_entry(change.text, fresh, false);
    if (!plain || !means(*plain, expected, policy.text)) return make_error(unsafe(policy));
    change.text = *plain;
  }
  return change;
}

Result<PresetChange> remove_preset(const PolicyText& policy, const PolicyText& preset) {
  TRY(expect_kinds(policy, preset));
  PresetChange change{policy.text, {}};
  Policy expected = policy.policy;
  for (const NetworkEntry& entry : preset.policy.network) {
    const std::string content = content_of(entry);
    std::vector<std::string> keys = marked_entries(change.text, preset.policy.name);
    if (find_entry(policy.policy, entry.key)) keys.push_back(entry.key);
    for (const std::string& key : keys) {
      const NetworkEntry* there = find_entry(expected, key);
      if (!there) continue;  // removed by its mark already
      if (content_of(*there) != content) {
        // Another entry of the same preset has its own turn.
        const bool other = find_entry(preset.policy, key) && key != entry.key;
        if (other) continue;
        return make_error(place(policy.file, there->at) + ": entry '" + key +
                          "' has been changed since, and is not the one of the preset (" +
                          place(preset.file, entry.at) + "); remove it by hand");
      }
      std::erase_if(expected.network, [&](const NetworkEntry& each) { return each.key == key; });
      const auto text = erase_entry(change.text, key, preset.policy.name);
      if (!text || !means(*text, expected, policy.text)) return make_error(unsafe(policy));
      change.text = *text;
      change.entries.push_back(key);
    }
  }
  return change;
}

}  // namespace nemoclaw::policy
