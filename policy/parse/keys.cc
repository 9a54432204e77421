#include "policy/parse/keys.h"

namespace nemoclaw::policy {

void unknown_key(Diagnostics& diagnostics, const Node::Member& member, std::string_view where,
                 const std::vector<std::string_view>& known) {
  std::string remedy = did_you_mean(member.key, known);
  if (remedy.empty()) {
    for (std::string_view key : known) remedy += (remedy.empty() ? "known keys: " : ", ") + std::string(key);
  }
  diagnostics.error("P0101", member.at, "unknown key " + quoted(member.key, 64) + " in " + std::string(where),
                    std::move(remedy));
}

void missing_key(Diagnostics& diagnostics, Location at, std::string_view where, std::string_view key) {
  diagnostics.error(
      "P0103", at, "'" + std::string(key) + "' is missing in " + std::string(where),
      key == "version" ? "start the file with 'version: 1'" : "add '" + std::string(key) + ": ...'");
}

std::vector<std::string> read_text_list(Diagnostics& diagnostics, const Node& node, std::string_view key,
                                        Numbers numbers) {
  std::vector<std::string> texts;
  for_each_item(diagnostics, node, key, [&](const Node& item) {
    if (auto text = read_text(diagnostics, item, key, numbers)) texts.push_back(std::move(*text));
  });
  return texts;
}

}  // namespace nemoclaw::policy
