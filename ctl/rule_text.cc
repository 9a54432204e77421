#include "ctl/rule_text.h"

#include "ctl/printable.h"

namespace nemoclaw::ctl {
namespace {

std::string join(const std::vector<std::string>& texts, const char* between) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : between) + text;
  return joined;
}

}  // namespace

std::string rule_text(const policy::Rule& rule) {
  std::string text;
  const auto add = [&](const std::string& part, const char* before = "") {
    if (!part.empty()) text += (text.empty() ? "" : " ") + (before + part);
  };
  add(rule.method);
  add(rule.path);
  add(rule.operation_type);
  add(rule.operation_name, "named ");
  add(join(rule.fields, ", "), "of ");
  add(rule.tool, "of ");
  for (const policy::QueryRule& query : rule.query)
    add(query.key + "=" + join(query.any, "|"), &query == &rule.query.front() ? "with query " : "and ");
  return printable(text, 2048);
}

std::string limits_text(const policy::RateLimits& limits) {
  std::string text;
  const auto add = [&](const std::optional<uint64_t>& limit, const char* unit) {
    if (limit) text += (text.empty() ? "at most " : " and ") + std::to_string(*limit) + unit;
  };
  add(limits.requests_per_minute, " requests a minute");
  add(limits.bytes_out_per_hour, " bytes out an hour");
  add(limits.body_bytes_max, " bytes a body");
  return text;
}

}  // namespace nemoclaw::ctl
