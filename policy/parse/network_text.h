// Entries of network_policies as they stand in a text: put in and taken out by their places. Nothing is
// judged here: the caller reads the result again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/policy.h"

namespace nemoclaw::policy {

struct NewEntry {
  const NetworkEntry& entry;
  std::string preset;            // its name, for the comment above the entry
  std::string_view preset_text;  // where the entry stands
};

bool has_root_key(std::string_view text, std::string_view key);

// The text with the entry behind the last one; nullopt if it is written in a way that this does not know.
// `verbatim`: the lines of the preset, with their comments; else rendered anew.
std::optional<std::string> insert_entry(const std::string& text, const NewEntry& fresh, bool verbatim);

// The text without the entry, and without the comment that names the preset above it.
std::optional<std::string> erase_entry(const std::string& text, const std::string& key,
                                       const std::string& preset);

// Keys of the entries below a comment that names the preset.
std::vector<std::string> marked_entries(const std::string& text, const std::string& preset);

}  // namespace nemoclaw::policy
