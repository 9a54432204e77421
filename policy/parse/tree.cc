#include "policy/parse/tree.h"

#include <yaml.h>

#include <algorithm>
#include <map>
#include <set>

#include "policy/parse/utf8.h"

namespace nemoclaw::policy {
namespace {

Location location(const yaml_mark_t& mark) {
  return {static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1)};
}

std::string text_of(const yaml_char_t* text, size_t length) {
  return std::string(reinterpret_cast<const char*>(text), length);
}

bool starts_with_tab(std::string_view text, uint32_t line) {
  for (; line > 1 && !text.empty(); --line)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  const size_t first = text.find_first_not_of(' ');
  return first != std::string_view::npos && text[first] == '\t';
}

size_t count_nodes(const Node& node) {
  size_t count = 1;
  for (const Node& item : node.items) count += count_nodes(item);
  for (const Node::Member& member : node.members) count += count_nodes(member.value);
  return count;
}

size_t depth_of(const Node& node) {
  size_t deepest = 0;
  for (const Node& item : node.items) deepest = std::max(deepest, depth_of(item));
  for (const Node::Member& member : node.members) deepest = std::max(deepest, depth_of(member.value));
  return deepest + 1;
}

// Pulls libyaml's events. Every function returns false when nothing more can be read; the reason is then
// reported.
class Builder {
 public:
  Builder(std::string_view text, Diagnostics& diagnostics, const TreeLimits& limits)
      : text_(text), diagnostics_(diagnostics), limits_(limits) {
    ready_ = yaml_parser_initialize(&parser_) != 0;
    if (!ready_) return;
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Builder() {
    drop_event();
    if (ready_) yaml_parser_delete(&parser_);
  }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  std::optional<Node> document();

 private:
  struct Anchor {
    Node node;
    size_t nodes, depth;
  };

  bool next();
  void drop_event();
  bool fail(const char* code, Location at, std::string message, std::string remedy = {});
  bool count(Location at);
  bool count_copies(size_t nodes, Location at);
  void refuse_tag(const yaml_char_t* tag, Location at);
  bool node(Node& out, size_t depth);
  bool alias(Node& out, size_t depth);
  bool scalar(Node& out);
  bool list(Node& out, size_t depth);
  bool map(Node& out, size_t depth);
  void remember(const std::string& anchor, const Node& out);

  const std::string_view text_;
  Diagnostics& diagnostics_;
  const TreeLimits limits_;
  yaml_parser_t parser_;
  yaml_event_t event_;
  bool ready_ = false, has_event_ = false;
  size_t nodes_ = 0, copies_ = 0;
  std::map<std::string, Anchor> anchors_;
};

void Builder::drop_event() {
  if (has_event_) yaml_event_delete(&event_);
  has_event_ = false;
}

bool Builder::fail(const char* code, Location at, std::string message, std::string remedy) {
  diagnostics_.error(code, at, std::move(message), std::move(remedy));
  return false;
}

bool Builder::next() {
  drop_event();
  if (!ready_) return fail("P0003", {}, "out of memory while reading YAML");
  if (yaml_parser_parse(&parser_, &event_)) return has_event_ = true;
  std::string problem = parser_.problem ? parser_.problem : "unreadable";
  Location at = location(parser_.problem_mark);
  // A reader error (a control character) carries only an offset in bytes.
  if (parser_.error == YAML_READER_ERROR) at = location_of_offset(text_, parser_.problem_offset);
  if (parser_.context) problem = std::string(parser_.context) + ": " + problem;
  const bool tab = parser_.error == YAML_SCANNER_ERROR && starts_with_tab(text_, at.line);
  return fail("P0003", at, "not well-formed YAML: " + problem,
              tab ? "YAML is indented with spaces, never with tabs"
                  : "check indentation, colons and quotes on this line");
}

bool Builder::count(Location at) {
  if (++nodes_ <= limits_.nodes_max) return true;
  return fail("P0005", at, "more than " + std::to_string(limits_.nodes_max) + " values", "split the policy");
}

bool Builder::count_copies(size_t nodes, Location at) {
  copies_ += nodes;
  if (copies_ > limits_.alias_nodes_max)
    return fail("P0005", at,
                "aliases stand for more than " + std::to_string(limits_.alias_nodes_max) + " values",
                "write them out, or share less");
  nodes_ += nodes - 1;
  return count(at);
}

void Builder::refuse_tag(const yaml_char_t* tag, Location at) {
  if (!tag) return;
  diagnostics_.error("P0006", at,
                     "YAML tags are not accepted: " + quoted(reinterpret_cast<const char*>(tag), 64),
                     "remove the tag; types follow from the key");
}

void Builder::remember(const std::string& anchor, const Node& out) {
  if (!anchor.empty()) anchors_[anchor] = {out, count_nodes(out), depth_of(out)};
}

// The current event starts a node.
bool Builder::node(Node& out, size_t depth) {
  out.at = location(event_.start_mark);
  if (depth > limits_.depth_max)
    return fail("P0004", out.at, "nested deeper than " + std::to_string(limits_.depth_max) + " levels");
  switch (event_.type) {
    case YAML_ALIAS_EVENT:
      return alias(out, depth);
    case YAML_SCALAR_EVENT:
      return scalar(out);
    case YAML_SEQUENCE_START_EVENT:
      return list(out, depth);
    case YAML_MAPPING_START_EVENT:
      return map(out, depth);
    default:
      return fail("P0003", out.at, "not well-formed YAML: a value is missing");
  }
}

bool Builder::alias(Node& out, size_t depth) {
  const Location at = out.at;
  const std::string name = reinterpret_cast<const char*>(event_.data.alias.anchor);
  const auto found = anchors_.find(name);
  if (found == anchors_.end()) {
    return fail("P0009", at, "alias '*" + name + "' has no anchor before it",
                "define '&" + name + "' earlier; a value cannot contain itself");
  }
  if (depth + found->second.depth - 1 > limits_.depth_max)
    return fail("P0004", at, "nested deeper than " + std::to_string(limits_.depth_max) + " levels");
  if (!count_copies(found->second.nodes, at)) return false;  // before the copy is made
  out = found->second.node;
  out.at = at;
  out.end = location(event_.end_mark);
  return true;
}

bool Builder::scalar(Node& out) {
  const auto& data = event_.data.scalar;
  out.kind = NodeKind::Scalar;
  out.text = text_of(data.value, data.length);
  out.plain = data.style == YAML_PLAIN_SCALAR_STYLE;
  out.end = location(event_.end_mark);
  refuse_tag(data.tag, out.at);
  if (data.anchor) remember(reinterpret_cast<const char*>(data.anchor), out);
  return count(out.at);
}

bool Builder::list(Node& out, size_t depth) {
  out.kind = NodeKind::List;
  const auto& data = event_.data.sequence_start;
  out.flow = data.style == YAML_FLOW_SEQUENCE_STYLE;
  out.end = location(event_.end_mark);
  refuse_tag(data.tag, out.at);
  const std::string anchor = data.anchor ? reinterpret_cast<const char*>(data.anchor) : "";
  if (!count(out.at)) return false;
  for (;;) {
    if (!next()) return false;
    if (event_.type == YAML_SEQUENCE_END_EVENT) break;
    Node item;
    if (!node(item, depth + 1)) return false;
    out.end = item.end;
    out.items.push_back(std::move(item));
  }
  if (out.flow) out.end = location(event_.end_mark);
  remember(anchor, out);
  return true;
}

bool Builder::map(Node& out, size_t depth) {
  out.kind = NodeKind::Map;
  const auto& data = event_.data.mapping_start;
  out.flow = data.style == YAML_FLOW_MAPPING_STYLE;
  out.end = location(event_.end_mark);
  refuse_tag(data.tag, out.at);
  const std::string anchor = data.anchor ? reinterpret_cast<const char*>(data.anchor) : "";
  if (!count(out.at)) return false;
  std::map<std::string, Location> seen;
  for (;;) {
    if (!next()) return false;
    if (event_.type == YAML_MAPPING_END_EVENT) break;
    Node key, value;
    if (!node(key, depth + 1)) return false;
    if (!next() || !node(value, depth + 1)) return false;
    out.end = value.end;
    if (key.kind != NodeKind::Scalar) {
      diagnostics_.error("P0012", key.at, "a key must be text");
      continue;
    }
    const auto [first, fresh] = seen.emplace(key.text, key.at);
    if (!fresh) {
      diagnostics_.error("P0011", key.at, "duplicate key " + quoted(key.text, 64),
                         "it stands on line " + std::to_string(first->second.line) + " already: keep one");
      continue;
    }
    out.members.push_back({std::move(key.text), key.at, std::move(value)});
  }
  if (out.flow) out.end = location(event_.end_mark);
  remember(anchor, out);
  return true;
}

std::optional<Node> Builder::document() {
  if (!next() || !next()) return std::nullopt;  // stream start; document start or stream end
  if (event_.type == YAML_STREAM_END_EVENT) {
    fail("P0008", {1, 1}, "the file holds no policy", "a policy starts with 'version: 1'");
    return std::nullopt;
  }
  Node root;
  if (!next() || !node(root, 1)) return std::nullopt;
  if (!next() || !next()) return std::nullopt;  // document end; stream end or another document
  if (event_.type != YAML_STREAM_END_EVENT) {
    fail("P0007", location(event_.start_mark), "several documents in one file",
         "one file holds one policy: split it");
    return std::nullopt;
  }
  return root;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Member& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

std::optional<Node> parse_tree(std::string_view text, Diagnostics& diagnostics, const TreeLimits& limits) {
  if (text.size() > limits.bytes_max) {
    diagnostics.error("P0002", {},
                      "the file has " + std::to_string(text.size()) + " bytes; at most " +
                          std::to_string(limits.bytes_max) + " are read");
    return std::nullopt;
  }
  if (const auto bad = find_invalid_utf8(text)) {
    diagnostics.error("P0001", *bad, "not UTF-8", "save the file as UTF-8");
    return std::nullopt;
  }
  // Some editors start a file with a byte order mark, which says nothing about UTF-8.
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return Builder(text, diagnostics, limits).document();
}

}  // namespace nemoclaw::policy
