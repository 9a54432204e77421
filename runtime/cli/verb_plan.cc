#include "runtime/base/json.h"
#include "runtime/cli/prepare.h"
#include "runtime/cli/verb.h"

namespace nemoclaw::cli {

namespace {

Result<std::string> as_json(const Prepared& prepared) {
  const json::Value effective = TRY(json::parse(oci::encode_effective_spec(prepared.effective)));
  json::Writer writer(true);
  writer.begin_object();
  writer.member("bundle", prepared.bundle).member("rootfs", prepared.rootfs);
  writer.key("policy");
  if (prepared.selected) {
    writer.begin_object()
        .member("name", prepared.selected->policy.name)
        .member("file", prepared.selected->file);
    writer.member("digest", prepared.selected->policy.digest).member("selectedBy", prepared.selected->source);
    writer.end_object();
  } else {
    writer.null();
  }
  writer.key("report").begin_array();
  for (const policy::ReportLine& line : prepared.report)
    writer.begin_object()
        .member("area", line.area)
        .member("what", line.what)
        .member("why", line.why)
        .end_object();
  writer.end_array();
  writer.key("effective").value(effective);
  writer.end_object();
  return writer.take() + "\n";
}

std::string as_text(const Prepared& prepared) {
  std::string text = "bundle: " + prepared.bundle + "\nrootfs: " + prepared.rootfs + "\npolicy: ";
  if (prepared.selected) {
    text += prepared.selected->policy.name + " (" + prepared.selected->source;
    if (!prepared.selected->file.empty()) text += ", " + prepared.selected->file;
    text += ")\n";
  } else {
    text += "none\n";
  }
  for (const policy::ReportLine& line : prepared.report) {
    text += line.area + ": " + line.what;
    if (!line.why.empty()) text += "  [" + line.why + "]";
    text += "\n";
  }
  for (const oci::Protection& each : prepared.effective.protections) {
    text += "protection " + each.name + ": " + each.level;
    if (!each.reason.empty()) text += " (" + each.reason + ")";
    text += "\n";
  }
  return text;
}

Result<int> run(const Globals& globals, const Arguments& arguments) {
  const std::string format_name = arguments.value("format", "text");
  if (format_name != "text" && format_name != "json")
    return make_error("invalid format option " + quoted(format_name) + ": use text or json");
  const std::string id = arguments.positional.empty() ? "plan" : arguments.positional[0];
  const Prepared prepared = TRY(prepare(globals, {arguments.value("bundle"), arguments.value("config")}, id));
  const std::string text = format_name == "json" ? TRY(as_json(prepared)) : as_text(prepared);
  TRY(print(text));
  return 0;
}

constexpr Option kOptions[] = {
    {"bundle", 'b', Takes::Value, "directory with config.json (default: the current one)"},
    {"config", 0, Takes::Value, "file to read instead of the bundle's config.json"},
    {"format", 'f', Takes::Value, "text (default) or json"},
};

}  // namespace

constinit const Verb kPlan = {
    .name = "plan",
    .arguments = "[container-id]",
    .summary = "print what create would do, without doing it",
    .options = kOptions,
    .arguments_min = 0,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
