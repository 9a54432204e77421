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

RuleMatcher::RuleMatcher(const Rule& rule, bool deny, PathPatterns& paths)
    : deny_(deny), line_(rule.at.line), method_(rule.method), path_(paths.add(rule.path)) {
  // Only requests that have no path of their own to judge are judged by the name of a remote procedure.
  const bool by_procedure = rule.path.empty() && !rule.method.empty() && rule.method != "*";
  if (!by_procedure && rule.query.empty() && rule.operation_type.empty() && rule.operation_name.empty() &&
      rule.fields.empty() && rule.tool.empty())
    return;
  more_ = std::make_unique<More>();
  if (by_procedure) more_->rpc_method = Glob::name(rule.method);
  for (const QueryRule& query : rule.query) {
    QueryMatcher matcher{query.key, {}};
    for (const std::string& glob : query.any) matcher.any.push_back(Glob::name(glob));
    more_->query.push_back(std::move(matcher));
  }
  more_->operation_type = rule.operation_type;
  if (!rule.operation_name.empty()) more_->operation_name = Glob::name(rule.operation_name);
  for (const std::string& field : rule.fields) more_->fields.push_back(Glob::name(field));
  if (!rule.tool.empty()) more_->tool = Glob::name(rule.tool);
}

bool RuleMatcher::fits_query(const std::vector<QueryPair>& query) const {
  return !more_ || std::all_of(more_->query.begin(), more_->query.end(), [&](const QueryMatcher& matcher) {
    size_t matching = 0, others = 0;
    for (const QueryPair& pair : query)
      if (pair.key == matcher.key) ++(any_matches(matcher.any, pair.value) ? matching : others);
    return matching > 0 && (deny_ || others == 0);
  });
}

// Allow: every root field is one of the rule's. Deny: any is.
bool RuleMatcher::More::fits_fields(const std::vector<std::string>& asked, bool deny) const {
  if (fields.empty()) return true;
  const auto listed = [&](const std::string& field) { return any_matches(fields, field); };
  return deny ? std::any_of(asked.begin(), asked.end(), listed)
              : !asked.empty() && std::all_of(asked.begin(), asked.end(), listed);
}

bool RuleMatcher::fits(const GraphQlOperation& operation) const {
  if (!more_) return true;
  const More& more = *more_;
  if (!more.operation_type.empty() && more.operation_type != operation.type) return false;
  if (more.operation_name && (operation.name.empty() || !more.operation_name->matches(operation.name)))
    return false;
  return more.fits_fields(operation.fields, deny_);
}

bool RuleMatcher::fits(const RpcFrame& frame) const {
  if (!more_) return true;
  if (more_->rpc_method && !more_->rpc_method->matches(frame.method)) return false;
  if (!more_->tool) return true;
  // A call that names no tool is none that "*" allows.
  return frame.method == "tools/call" && (deny_ || !frame.tool.empty()) && more_->tool->matches(frame.tool);
}

std::string RuleMatcher::describe() const {
  std::string text = method_;
  const auto add = [&](std::string_view word) {
    if (!word.empty()) text.append(text.empty() ? "" : " ").append(word);
  };
  if (path_) add(path_->text());
  if (!more_) return text;
  const More& more = *more_;
  add(more.operation_type);
  if (more.operation_name) add(more.operation_name->text());
  std::string fields;
  for (size_t i = 0; i < more.fields.size() && i < 4; ++i)
    fields.append(i ? ", " : "").append(more.fields[i].text());
  if (!fields.empty()) add("fields " + fields + (more.fields.size() > 4 ? ", ..." : ""));
  if (more.tool) add(more.tool->text());
  for (size_t i = 0; i < more.query.size(); ++i) add((i ? "and " : "with query ") + more.query[i].key);
  return text;
}

}  // namespace nemoclaw::policy
