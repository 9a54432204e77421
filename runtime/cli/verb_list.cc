#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/cli/table.h"
#include "runtime/cli/verb.h"
#include "runtime/container/lifecycle.h"
#include "runtime/oci/state.h"

namespace nemoclaw::cli {

namespace {

int visible_pid(const container::View& view) {
  return view.status == oci::Status::Stopped ? 0 : view.record.init_pid;
}

std::string as_json(const std::vector<container::View>& views) {
  json::Writer writer;
  writer.begin_array();
  for (const container::View& view : views) {
    const oci::StateRecord& record = view.record;
    writer.begin_object();
    writer.member("ociVersion", record.oci_version).member("id", record.id).member("pid", visible_pid(view));
    writer.member("status", oci::status_name(view.status)).member("bundle", record.bundle);
    writer.member("rootfs", record.rootfs).member("created", record.created);
    if (!record.annotations.empty()) {
      writer.key("annotations").begin_object();
      for (const auto& [name, text] : record.annotations) writer.member(name, text);
      writer.end_object();
    }
    writer.member("owner", record.owner).member("policy", record.policy_name);
    writer.end_object();
  }
  writer.end_array();
  return writer.take() + "\n";
}

std::string as_table(const std::vector<container::View>& views) {
  std::vector<std::vector<std::string>> rows = {{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const container::View& view : views)
    rows.push_back({view.record.id, std::to_string(visible_pid(view)), oci::status_name(view.status),
                    view.record.bundle, view.record.created, view.record.owner});
  return render_table(rows);
}

Result<int> run(const Globals& globals, const Arguments& arguments) {
  const std::string format_name = arguments.value("format", "table");
  if (format_name != "table" && format_name != "json")
    return make_error("invalid format option " + quoted(format_name) + ": use table or json");
  const container::StateStore store = globals.store();
  const std::vector<std::string> ids = TRY(store.list());
  if (arguments.flag("quiet")) {
    std::string text;
    for (const std::string& id : ids) text += id + "\n";
    TRY(print(text));
    return 0;
  }
  std::vector<container::View> views;
  for (const std::string& id : ids) {
    Result<container::View> view = container::look(store, id);
    // Deleted between the listing and now.
    if (view) views.push_back(std::move(*view));
  }
  TRY(print(format_name == "json" ? as_json(views) : as_table(views)));
  return 0;
}

constexpr Option kOptions[] = {
    {"format", 'f', Takes::Value, "table (default) or json"},
    {"quiet", 'q', Takes::Nothing, "only the container ids"},
};

}  // namespace

constinit const Verb kList = {
    .name = "list",
    .arguments = "",
    .summary = "list the containers below --root",
    .options = kOptions,
    .arguments_min = 0,
    .arguments_max = 0,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
