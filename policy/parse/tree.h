// YAML text -> a tree of our own, with the place of every node. Only tree.cc knows libyaml.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/parse/diagnostics.h"

namespace nemoclaw::policy {

enum class NodeKind : uint8_t { Scalar, List, Map };

struct Node;

struct Node {
  NodeKind kind = NodeKind::Scalar;
  Location at;
  Location end;        // just behind it; of a block collection, behind its last value
  bool flow = false;   // List, Map: written in brackets or braces
  std::string text;    // Scalar: the value after YAML's own unescaping
  bool plain = false;  // Scalar: written without quotes, so that it may mean a number, a boolean or nothing
  std::vector<Node> items;  // List
  struct Member;
  std::vector<Member> members;  // Map, in the order of the file; keys are unique
  const Node* find(std::string_view key) const;
};

struct Node::Member {
  std::string key;
  Location at;  // of the key
  Node value;
};

struct TreeLimits {
  size_t bytes_max = size_t{1} << 20;
  size_t depth_max = 64;
  // Written values cost their own bytes, so that the file's size bounds them already; an alias costs a few
  // bytes and copies what it names.
  size_t nodes_max = 200'000;       // in all
  size_t alias_nodes_max = 10'000;  // of them by aliases
};

// nullopt when there is no tree to look at; the reason is in `diagnostics`. Duplicate keys, tags and keys
// that are not text are reported and left out, so that the rest can still be checked.
std::optional<Node> parse_tree(std::string_view text, Diagnostics& diagnostics,
                               const TreeLimits& limits = {});

}  // namespace nemoclaw::policy
