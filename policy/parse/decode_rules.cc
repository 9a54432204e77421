// rules and deny_rules of an endpoint. Which keys make sense depends on the protocol: validate_rules.cc.
#include "policy/parse/decode.h"
#include "policy/parse/validate.h"

namespace nemoclaw::policy {
namespace {

struct Alternatives {
  std::vector<std::string> any;
};

const Keys<Alternatives>& alternatives_keys() {
  static const Keys<Alternatives> keys = {required(other<Alternatives>(
      "any", list_shape(text_shape("", true), false),
      [](Diagnostics& d, const Node& list, Alternatives& found) {
        found.any = read_text_list(d, list, "any", Numbers::Accepted);
        if (list.kind == NodeKind::List && list.items.empty())
          d.error("P0435", list.at, "'any' is empty and would match nothing");
      },
      "Globs, one of which must match."))};
  return keys;
}

// "key: glob" or "key: {any: [glob, ...]}".
Shape query_shape() {
  return map_shape(either_shape({text_shape("", true), object_shape(alternatives_keys)}));
}

void decode_query(Diagnostics& diagnostics, const Node& node, Rule& out) {
  if (!expect_kind(diagnostics, node, NodeKind::Map, "query")) return;
  for (const Node::Member& member : node.members) {
    QueryRule rule{member.key, {}};
    if (member.value.kind == NodeKind::Map) {
      Alternatives found;
      decode_map(diagnostics, member.value, "query " + quoted(member.key, 64), alternatives_keys(), found);
      rule.any = std::move(found.any);
    } else if (auto glob = read_text(diagnostics, member.value, "query", Numbers::Accepted)) {
      rule.any.push_back(std::move(*glob));
    }
    out.query.push_back(std::move(rule));
  }
}

const Keys<Rule>& rule_keys() {
  static const Keys<Rule> keys = {
      other<Rule>(
          "method", Shape::Text,
          [](Diagnostics& d, const Node& node, Rule& out) {
            auto method = read_text(d, node, "method");
            if (!method) return;
            check_method(d, node.at, *method);
            out.method = std::move(*method);
          },
          "HTTP method, JSON-RPC or MCP method, or '*'."),
      other<Rule>(
          "path", text_shape(kRequestPath),
          [](Diagnostics& d, const Node& node, Rule& out) {
            auto path = read_text(d, node, "path");
            if (!path) return;
            check_rule_path(d, node.at, *path);
            out.path = std::move(*path);
          },
          "Glob on the canonical path."),
      other<Rule>("query", query_shape(), decode_query, "Globs on query values by key."),
      choice<Rule>(
          "operation_type", {"query", "mutation", "subscription"},
          [](Rule& out, size_t index) {
            constexpr const char* kTypes[] = {"query", "mutation", "subscription"};
            out.operation_type = kTypes[index];
          },
          "GraphQL operation type."),
      text("operation_name", &Rule::operation_name, "Glob on the GraphQL operation's name."),
      text_list("fields", &Rule::fields, "Globs on GraphQL root fields."),
      text("tool", &Rule::tool, "Glob on the MCP tool's name."),
  };
  return keys;
}

struct Wrapped {
  Rule rule;
};

const Keys<Wrapped>& wrapped_keys() {
  static const Keys<Wrapped> keys = {required(other<Wrapped>(
      "allow", object_shape(rule_keys),
      [](Diagnostics& d, const Node& value, Wrapped& out) {
        decode_map(d, value, "an allow rule", rule_keys(), out.rule);
      },
      "What is allowed."))};
  return keys;
}

void decode_rules(Diagnostics& diagnostics, const Node& node, Endpoint& endpoint) {
  for_each_item(diagnostics, node, "rules", [&](const Node& item) {
    Wrapped wrapped;
    wrapped.rule.at = item.at;
    if (decode_map(diagnostics, item, "an item of rules", wrapped_keys(), wrapped) && item.find("allow"))
      endpoint.rules.push_back(std::move(wrapped.rule));
  });
}

void decode_deny_rules(Diagnostics& diagnostics, const Node& node, Endpoint& endpoint) {
  for_each_item(diagnostics, node, "deny_rules", [&](const Node& item) {
    Rule rule;
    rule.deny = true;
    rule.at = item.at;
    if (decode_map(diagnostics, item, "a deny rule", rule_keys(), rule))
      endpoint.deny_rules.push_back(std::move(rule));
  });
}

}  // namespace

void write_methods_upper(std::vector<Rule>& rules) {
  for (Rule& rule : rules)
    for (char& c : rule.method)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
}

Key<Endpoint> rules_key() {
  return other<Endpoint>("rules", list_shape(object_shape(wrapped_keys)), decode_rules, "What is allowed.");
}

Key<Endpoint> deny_rules_key() {
  return other<Endpoint>("deny_rules", list_shape(object_shape(rule_keys)), decode_deny_rules,
                         "What is refused; beats every allow.");
}

}  // namespace nemoclaw::policy
