#include <algorithm>

#include "ctl/doctor.h"

namespace nemoclaw::ctl {
namespace {

const char* finding_name(Finding finding) {
  switch (finding) {
    case Finding::Fine:
      return "ok";
    case Finding::Degraded:
      return "degraded";
    case Finding::Missing:
      return "missing";
    case Finding::Info:
      return "info";
  }
  return "?";
}

}  // namespace

bool all_needed_is_there(const Checks& checks) {
  return std::none_of(checks.begin(), checks.end(),
                      [](const Check& each) { return each.finding == Finding::Missing; });
}

std::string render_checks(const Checks& checks) {
  std::string text, group;
  for (const Check& check : checks) {
    if (check.group != group) text += (group.empty() ? "" : "\n") + check.group + "\n";
    group = check.group;
    text += format("  %-9s %-18s ", finding_name(check.finding), check.name.c_str()) + check.detail + "\n";
    if (!check.remedy.empty()) text += std::string(12, ' ') + "-> " + check.remedy + "\n";
  }
  const auto count = [&](Finding finding) {
    return std::count_if(checks.begin(), checks.end(),
                         [&](const Check& each) { return each.finding == finding; });
  };
  return text + format("\n%td missing, %td degraded\n", count(Finding::Missing), count(Finding::Degraded));
}

void write_checks(json::Writer& writer, const Checks& checks) {
  writer.begin_object().member("ok", all_needed_is_there(checks)).key("checks").begin_array();
  for (const Check& check : checks) {
    writer.begin_object().member("group", check.group).member("name", check.name);
    writer.member("finding", finding_name(check.finding)).member("detail", check.detail);
    writer.member("remedy", check.remedy).end_object();
  }
  writer.end_array().end_object();
}

}  // namespace nemoclaw::ctl
