#include "policy/parse/static_sections.h"

#include "policy/parse/diagnostics.h"
#include "policy/parse/full_schema.h"
#include "policy/parse/tree.h"

namespace nemoclaw::policy {
namespace {

constexpr const char* kStatic[] = {"filesystem_policy", "landlock",  "process",
                                   "inbound",           "integrity", "proxy_environment"};

std::string text_of(const json::Value& root, const char* section) {
  const json::Value* value = root.find(section);
  if (!value) return "";
  json::Writer writer;
  writer.value(*value);
  return writer.take();
}

uint32_t line_of(const std::optional<Node>& tree, std::string_view section) {
  if (!tree) return 0;
  for (const Node::Member& member : tree->members)
    if (member.key == section) return member.at.line;
  return 0;
}

}  // namespace

std::vector<StaticChange> changed_static_sections(const Policy& before, const Policy& after,
                                                  std::string_view after_text) {
  const json::Value old_root = full_schema(before), new_root = full_schema(after);
  Diagnostics diagnostics(after_text);
  const std::optional<Node> tree = parse_tree(after_text, diagnostics);
  std::vector<StaticChange> changes;
  for (const char* section : kStatic)
    if (text_of(old_root, section) != text_of(new_root, section))
      changes.push_back({section, line_of(tree, section)});
  return changes;
}

std::string render_changes(const std::vector<StaticChange>& changes) {
  std::string text;
  for (const StaticChange& change : changes) {
    text += (text.empty() ? "" : ", ") + change.section;
    text += change.line > 0 ? format(" (line %u)", change.line) : " (left out)";
  }
  return text;
}

}  // namespace nemoclaw::policy
