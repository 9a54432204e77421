#include "policy/engine/rule_matcher.h"

#include <algorithm>

namespace nemoclaw::policy {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return upper(x) == upper(y); });
}

bool any_matches(const std::vector<Glob>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(), [&](const Glob& glob) { return glob.matches(text); });
}

}  // namespace

bool method_matches(std::string_view expected, std::string_view method) {
  return expected == "*" || same_word(expected, method) ||
         (same_word(expected, "GET") && same_word(method, "HEAD"));
}

bool access_covers(Access access, std::string_view method) {
  if (access == Access::Full) return true;
  const auto is = [&](std::string_view name) { return same_word(method, name); };
  const bool reads = is("GET") || is("HEAD") || is("OPTIONS");
  if (access == Access::ReadOnly) return reads;
  // A message is to a WebSocket what a POST is to a resource.
  return access == Access::ReadWrite &&
         (reads || is("POST") || is("PUT") || is("PATCH") || is("WEBSOCKET_TEXT"));
}

bool access_covers(Access access, const GraphQlOperation& operation) {
  if (access == Access::Full) return true;
  if (access == Access::None) return false;
  return operation.type == "query" || (access == Access::ReadWrite && operation.type == "mutation");
}

RuleMatcher::RuleMatcher(const Rule& rule, bool deny)
    : deny_(deny), method_(rule.method), operation_type_(rule.operation_type), line_(rule.at.line) {
  if (!rule.path.empty()) path_ = Glob::path(rule.path);
  if (!rule.method.empty() && rule.method != "*") rpc_method_ = Glob::name(rule.method);
  for (const QueryRule& query : rule.query) {
    QueryMatcher matcher{query.key, {}};
    for (const std::string& glob : query.any) matcher.any.push_back(Glob::name(glob));
    query_.push_back(std::move(matcher));
  }
  if (!rule.operation_name.empty()) operation_name_ = Glob::name(rule.operation_name);
  for (const std::string& field : rule.fields) fields_.push_back(Glob::name(field));
  if (!rule.tool.empty()) tool_ = Glob::name(rule.tool);
}

bool RuleMatcher::fits_query(const std::vector<QueryPair>& query) const {
  return std::all_of(query_.begin(), query_.end(), [&](const QueryMatcher& matcher) {
    size_t matching = 0, others = 0;
    for (const QueryPair& pair : query)
      if (pair.key == matcher.key) ++(any_matches(matcher.any, pair.value) ? matching : others);
    return matching > 0 && (deny_ || others == 0);
  });
}

// Allow: every root field is one of the rule's. Deny: any is.
bool RuleMatcher::fits_fields(const std::vector<std::string>& fields) const {
  if (fields_.empty()) return true;
  const auto listed = [&](const std::string& field) { return any_matches(fields_, field); };
  return deny_ ? std::any_of(fields.begin(), fields.end(), listed)
               : !fields.empty() && std::all_of(fields.begin(), fields.end(), listed);
}

bool RuleMatcher::fits(const GraphQlOperation& operation) const {
  if (!operation_type_.empty() && operation_type_ != operation.type) return false;
  if (operation_name_ && (operation.name.empty() || !operation_name_->matches(operation.name))) return false;
  return fits_fields(operation.fields);
}

bool RuleMatcher::fits(const RpcFrame& frame) const {
  if (rpc_method_ && !rpc_method_->matches(frame.method)) return false;
  return !tool_ || (frame.method == "tools/call" && tool_->matches(frame.tool));
}

std::string RuleMatcher::describe() const {
  std::string text = method_;
  const auto add = [&](const std::string& word) {
    if (!word.empty()) text += (text.empty() ? "" : " ") + word;
  };
  if (path_) add(path_->text());
  add(operation_type_);
  if (operation_name_) add(operation_name_->text());
  std::string fields;
  for (size_t i = 0; i < fields_.size() && i < 4; ++i) fields += (i ? ", " : "") + fields_[i].text();
  if (!fields.empty()) add("fields " + fields + (fields_.size() > 4 ? ", ..." : ""));
  if (tool_) add(tool_->text());
  for (size_t i = 0; i < query_.size(); ++i) add((i ? "and " : "with query ") + query_[i].key);
  return text;
}

}  // namespace nemoclaw::policy
