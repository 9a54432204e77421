#include <algorithm>

#include "runtime/base/child.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/cli/ps_table.h"
#include "runtime/cli/verb.h"
#include "runtime/container/lifecycle.h"

namespace nemoclaw::cli {

namespace {

Result<std::string> run_ps(const std::vector<std::string>& options) {
  ChildRequest request;
  // The host's own ps, not one from somebody's PATH: we run as root.
  request.path = file_exists("/usr/bin/ps") ? "/usr/bin/ps" : "/bin/ps";
  request.args = {"ps"};
  if (options.empty()) request.args.push_back("-ef");
  request.args.insert(request.args.end(), options.begin(), options.end());
  request.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
  request.output_bytes_max = size_t{16} << 20;
  ChildOutcome outcome = TRY_CONTEXT(run_child(request), request.path);
  if (!outcome.succeeded())
    return make_error(request.path + ": " + outcome.stderr_text.substr(0, outcome.stderr_text.find('\n')));
  return std::move(outcome.stdout_text);
}

Result<int> run(const Globals& globals, const Arguments& arguments) {
  const std::string format_name = arguments.value("format", "table");
  if (format_name != "table" && format_name != "json")
    return make_error("invalid format option " + quoted(format_name) + ": use table or json");
  std::vector<pid_t> pids = TRY(container::container_processes(globals.store(), arguments.positional[0]));
  std::sort(pids.begin(), pids.end());
  if (format_name == "json") {
    json::Writer writer;
    writer.begin_array();
    for (pid_t pid : pids) writer.value(pid);
    writer.end_array();
    TRY(print(writer.take() + "\n"));
    return 0;
  }
  const std::string output = TRY(run_ps({arguments.positional.begin() + 1, arguments.positional.end()}));
  const std::string rows = TRY(select_ps_rows(output, pids));
  TRY(print(rows));
  return 0;
}

constexpr Option kOptions[] = {
    {"format", 'f', Takes::Value, "table (default) or json"},
};

}  // namespace

constinit const Verb kPs = {
    .name = "ps",
    .arguments = "<container-id> [ps options]",
    .summary = "show the processes of a container",
    .options = kOptions,
    .arguments_min = 1,
    .arguments_max = -1,
    .order = Order::StopFirst,
    .run = run,
};

}  // namespace nemoclaw::cli
