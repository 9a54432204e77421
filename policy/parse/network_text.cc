#include "policy/parse/network_text.h"

#include <algorithm>

#include "policy/parse/full_schema.h"
#include "policy/parse/full_schema_network.h"
#include "policy/parse/text_lines.h"
#include "policy/parse/tree.h"
#include "policy/parse/value_builder.h"

namespace nemoclaw::policy {
namespace {

constexpr std::string_view kSection = "network_policies";

std::optional<Node> tree_of(std::string_view text) {
  Diagnostics diagnostics(text);
  auto tree = parse_tree(text, diagnostics);
  return tree && tree->kind == NodeKind::Map ? std::move(tree) : std::nullopt;
}

const Node::Member* member_of(const Node& map, std::string_view key) {
  for (const Node::Member& member : map.members)
    if (member.key == key) return &member;
  return nullptr;
}

std::string mark_of(const std::string& preset) { return "# from preset " + json::quote(preset); }

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

// The first and the last line of a member of a block map.
struct Span {
  uint32_t first = 0, last = 0;
};

// With comments below that are indented deeper than the key: they belong to the value.
Span span_of(const TextLines& lines, const Node::Member& member) {
  Span span{member.at.line, std::max(member.value.end.line, member.at.line)};
  // A value that ends before the first character of a line ends on the line before.
  if (member.value.end.column <= 1 && span.last > span.first) --span.last;
  while (span.last > span.first && (lines.is_blank(span.last) || lines.is_comment(span.last))) --span.last;
  while (lines.is_comment(span.last + 1) && lines.indentation(span.last + 1) >= member.at.column) ++span.last;
  return span;
}

bool starts_its_line(const TextLines& lines, const Node::Member& member) {
  return lines.indentation(member.at.line) + 1 == member.at.column;
}

// Lines of another text at another depth; nullopt if one of them starts left of `from`.
std::optional<std::string> shifted(const TextLines& lines, Span span, size_t from, size_t to,
                                   const char* line_end) {
  std::string out;
  for (uint32_t number = span.first; number <= span.last; ++number) {
    std::string_view line = lines.line(number);
    line = line.substr(0, line.find_last_not_of("\r\n") + 1);
    if (!lines.is_blank(number)) {
      if (lines.indentation(number) < from) return std::nullopt;
      out += std::string(to, ' ') + std::string(line.substr(from));
    }
    out += line_end;
  }
  return out;
}

// The entry's lines as they stand in the preset, with its key in place of the one there.
std::optional<std::string> preset_lines(const NewEntry& fresh, size_t indentation, const char* line_end) {
  const auto tree = tree_of(fresh.preset_text);
  const Node* entries = tree ? tree->find(kSection) : nullptr;
  if (!entries || entries->flow) return std::nullopt;
  const TextLines lines(fresh.preset_text);
  for (const Node::Member& member : entries->members) {
    if (member.at.line != fresh.entry.at.line || !starts_its_line(lines, member)) continue;
    auto text = shifted(lines, span_of(lines, member), member.at.column - 1, indentation, line_end);
    if (!text || member.key == fresh.entry.key) return text;
    if (text->compare(indentation, member.key.size(), member.key) != 0) return std::nullopt;
    const std::string key = to_yaml(make_text(fresh.entry.key));  // one line, with its end
    return text->replace(indentation, member.key.size(), key.substr(0, key.size() - 1));
  }
  return std::nullopt;
}

std::string rendered_lines(const NetworkEntry& entry, size_t indentation, const char* line_end) {
  const std::string yaml = to_yaml(network_value({entry}));
  const TextLines lines(yaml);
  return *shifted(lines, {1, lines.count()}, 0, indentation, line_end);
}

std::string flow_member(const NetworkEntry& entry) {
  const json::Value value = network_value({entry});
  // JSON is YAML's flow style, but for the blank behind the colon of a key in quotes.
  return json::quote(entry.key) + ": " + json::Writer().value(value.object[0].second).take();
}

// Into a map in braces, in front of the closing one.
std::optional<std::string> insert_flow(const std::string& text, const TextLines& lines, const Node& map,
                                       const std::string& member) {
  const size_t end = lines.offset(map.end);
  if (end == 0 || text[end - 1] != '}') return std::nullopt;
  const size_t at = map.members.empty() ? end - 1 : lines.offset(map.members.back().value.end);
  return text.substr(0, at) + (map.members.empty() ? "" : ", ") + member + text.substr(at);
}

std::optional<std::string> entry_lines(const NewEntry& fresh, size_t indentation, const char* line_end,
                                       bool verbatim) {
  const auto body = verbatim ? preset_lines(fresh, indentation, line_end)
                             : rendered_lines(fresh.entry, indentation, line_end);
  if (!body) return std::nullopt;
  return std::string(indentation, ' ') + mark_of(fresh.preset) + line_end + *body;
}

// Behind line `number`, which may lack its end.
std::string insert_behind(const std::string& text, const TextLines& lines, uint32_t number,
                          const std::string& inserted) {
  const size_t at = lines.start_of(number + 1);
  const bool ended = at == 0 || text[at - 1] == '\n' || text[at - 1] == '\r';
  return text.substr(0, at) + (ended ? "" : lines.line_end()) + inserted + text.substr(at);
}

// A section of its own, at the end of the document.
std::optional<std::string> insert_section(const std::string& text, const TextLines& lines, const Node& root,
                                          const NewEntry& fresh, bool verbatim) {
  const size_t indentation = root.members.front().at.column - 1;
  const auto body = entry_lines(fresh, indentation + 2, lines.line_end(), verbatim);
  if (!body) return std::nullopt;
  uint32_t last = span_of(lines, root.members.back()).last;
  uint32_t rest = last + 1;
  while (rest <= lines.count() && (lines.is_blank(rest) || lines.is_comment(rest))) ++rest;
  if (rest > lines.count()) last = lines.count();  // nothing but comments follows, no end of the document
  return insert_behind(
      text, lines, last,
      std::string(indentation, ' ') + std::string(kSection) + ":" + lines.line_end() + *body);
}

}  // namespace

bool has_root_key(std::string_view text, std::string_view key) {
  const auto tree = tree_of(text);
  return tree && tree->find(key);
}

std::optional<std::string> insert_entry(const std::string& text, const NewEntry& fresh, bool verbatim) {
  const auto root = tree_of(text);
  if (!root || root->members.empty()) return std::nullopt;
  const TextLines lines(text);
  const Node::Member* section = member_of(*root, kSection);
  if (!section && root->flow)
    return insert_flow(text, lines, *root, std::string(kSection) + ": {" + flow_member(fresh.entry) + "}");
  if (!section) return insert_section(text, lines, *root, fresh, verbatim);
  const Node& entries = section->value;
  const bool empty = entries.members.empty();
  if (entries.flow && (!empty || root->flow || !starts_its_line(lines, *section)))
    return insert_flow(text, lines, entries, flow_member(fresh.entry));
  if (!empty && !starts_its_line(lines, entries.members.back())) return std::nullopt;
  const size_t indentation = empty ? section->at.column + 1 : entries.members.back().at.column - 1;
  const auto body = entry_lines(fresh, indentation, lines.line_end(), verbatim);
  if (!body) return std::nullopt;
  if (!empty) return insert_behind(text, lines, span_of(lines, entries.members.back()).last, *body);
  // "network_policies: {}": the braces go, and a comment behind them stays.
  const size_t colon = text.find(':', lines.offset(section->at) + kSection.size());
  const size_t open = lines.offset(entries.at), close = lines.offset(entries.end);
  if (colon == std::string::npos || colon > open || entries.at.line != section->at.line) return std::nullopt;
  const std::string without = text.substr(0, colon + 1) + text.substr(close);
  return insert_behind(without, TextLines(without), section->at.line, *body);
}

std::optional<std::string> erase_entry(const std::string& text, const std::string& key,
                                       const std::string& preset) {
  const auto root = tree_of(text);
  const Node::Member* section = root ? member_of(*root, kSection) : nullptr;
  if (!section) return std::nullopt;
  const std::vector<Node::Member>& members = section->value.members;
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const Node::Member& member) { return member.key == key; });
  if (found == members.end()) return std::nullopt;
  const TextLines lines(text);
  if (section->value.flow) {
    size_t from = lines.offset(found->at), to = lines.offset(found->value.end);
    if (found != members.begin())
      from = lines.offset((found - 1)->value.end);
    else if (members.size() > 1)
      to = lines.offset((found + 1)->at);
    return text.substr(0, from) + text.substr(to);
  }
  if (!starts_its_line(lines, *found)) return std::nullopt;
  Span span = span_of(lines, *found);
  // Comments above the entry that are the operator's stay, up to the one that is ours.
  for (uint32_t above = span.first - 1; above >= 1 && lines.is_comment(above); --above)
    if (trimmed(lines.line(above)) == mark_of(preset)) span.first = above;
  std::string out = text.substr(0, lines.start_of(span.first)) + text.substr(lines.start_of(span.last + 1));
  if (members.size() > 1) return out;
  const size_t colon = out.find(':', lines.offset(section->at) + kSection.size());
  if (colon == std::string::npos || section->value.at.line == section->at.line) return std::nullopt;
  return out.insert(colon + 1, " {}");
}

std::vector<std::string> marked_entries(const std::string& text, const std::string& preset) {
  std::vector<std::string> keys;
  const auto root = tree_of(text);
  const Node::Member* section = root ? member_of(*root, kSection) : nullptr;
  if (!section || section->value.flow) return keys;
  const TextLines lines(text);
  for (const Node::Member& member : section->value.members)
    for (uint32_t above = member.at.line - 1; above >= 1 && lines.is_comment(above); --above)
      if (trimmed(lines.line(above)) == mark_of(preset)) keys.push_back(member.key);
  return keys;
}

}  // namespace nemoclaw::policy
