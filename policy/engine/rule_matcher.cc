#include "policy/engine/rule_matcher.h"

#include <algorithm>

namespace nemoclaw::policy {
namespace {

bool any_matches(const std::vector<const Glob*>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(), [&](const Glob* glob) { return glob->matches(text); });
}

}  // namespace

bool access_covers(Access access, const GraphQlOperation& operation) {
  if (access == Access::Full) return true;
  if (access == Access::None) return false;
  return operation.type == "query" || (access == Access::ReadWrite && operation.type == "mutation");
}

RuleMatcher::RuleMatcher(const Rule& rule, bool deny, SharedTexts& texts)
    : deny_(deny), line_(rule.at.line), method_(texts.word(rule.method)), path_(texts.path(rule.path)) {
  // Only requests that have no path of their own to judge are judged by the name of a remote procedure.
  const bool by_procedure = rule.path.empty() && !rule.method.empty() && rule.method != "*";
  if (!by_procedure && rule.query.empty() && rule.operation_type.empty() && rule.operation_name.empty() &&
      rule.fields.empty() && rule.tool.empty())
    return;
  auto more = std::make_unique<More>();
  if (by_procedure) more->rpc_method = texts.name(rule.method);
  more->query.reserve(rule.query.size());
  for (const QueryRule& query : rule.query) {
    QueryMatcher& matcher = more->query.emplace_back(QueryMatcher{texts.word(query.key), {}});
    matcher.any.reserve(query.any.size());
    for (const std::string& glob : query.any) matcher.any.push_back(texts.any_name(glob));
  }
  if (!rule.operation_type.empty()) more->operation_type = texts.word(rule.operation_type);
  more->operation_name = texts.name(rule.operation_name);
  more->fields.reserve(rule.fields.size());
  for (const std::string& field : rule.fields) more->fields.push_back(texts.any_name(field));
  more->tool = texts.name(rule.tool);
  more_ = std::move(more);
}

std::optional<std::string_view> RuleMatcher::misfit_key(const std::vector<QueryPair>& query) const {
  if (!more_) return std::nullopt;
  for (const QueryMatcher& matcher : more_->query) {
    size_t matching = 0, others = 0;
    for (const QueryPair& pair : query)
      if (pair.key == *matcher.key) ++(any_matches(matcher.any, pair.value) ? matching : others);
    if (matching == 0 || (!deny_ && others > 0)) return *matcher.key;
  }
  return std::nullopt;
}

// Allow: every root field is one of the rule's. Deny: any is.
bool RuleMatcher::More::fits_fields(const std::vector<std::string>& asked, bool deny) const {
  if (fields.empty()) return true;
  const auto listed = [&](const std::string& field) { return any_matches(fields, field); };
  return deny ? std::any_of(asked.begin(), asked.end(), listed)
              : !asked.empty() && std::all_of(asked.begin(), asked.end(), listed);
}

Misfit RuleMatcher::misfit(const GraphQlOperation& operation) const {
  if (!more_) return Misfit::None;
  if (more_->operation_type && *more_->operation_type != operation.type) return Misfit::Type;
  const Glob* name = more_->operation_name;
  if (name && (operation.name.empty() || !name->matches(operation.name))) return Misfit::Name;
  return more_->fits_fields(operation.fields, deny_) ? Misfit::None : Misfit::Fields;
}

Misfit RuleMatcher::misfit(const RpcFrame& frame) const {
  if (!more_) return Misfit::None;
  if (more_->rpc_method && !more_->rpc_method->matches(frame.method)) return Misfit::Method;
  if (!more_->tool) return Misfit::None;
  if (frame.method != "tools/call") return Misfit::Method;
  // A call that names no tool is none that "*" allows.
  return (deny_ || !frame.tool.empty()) && more_->tool->matches(frame.tool) ? Misfit::None : Misfit::Tool;
}

std::string RuleMatcher::describe() const {
  std::string text = *method_;
  const auto add = [&](std::string_view word) {
    if (!word.empty()) text.append(text.empty() ? "" : " ").append(word);
  };
  if (path_) add(path_->text());
  if (!more_) return text;
  const More& more = *more_;
  if (more.operation_type) add(*more.operation_type);
  if (more.operation_name) add(more.operation_name->text());
  std::string fields;
  for (size_t i = 0; i < more.fields.size() && i < 4; ++i)
    fields.append(i ? ", " : "").append(more.fields[i]->text());
  if (!fields.empty()) add("fields " + fields + (more.fields.size() > 4 ? ", ..." : ""));
  if (more.tool) add(more.tool->text());
  for (size_t i = 0; i < more.query.size(); ++i) add((i ? "and " : "with query ") + *more.query[i].key);
  return text;
}

}  // namespace nemoclaw::policy
