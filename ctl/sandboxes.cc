#include "ctl/sandboxes.h"

#include "ctl/control_client.h"
#include "runtime/base/file.h"
#include "runtime/base/procfs.h"

namespace nemoclaw::ctl {
namespace {

// proxy.json is the hook's; only what is shown is read here.
void read_proxy(SandboxView& view) {
  const Result<std::string> text = read_file(view.directory + "/proxy.json", 65536);
  if (!text) return;
  const Result<json::Value> root = json::parse(*text);
  if (!root) return;
  const json::Value* pid = root->find("pid");
  const json::Value* start_time = root->find("start_time");
  if (!pid || pid->type != json::Type::Integer || !start_time) return;
  view.proxy_pid = pid->integer;
  view.proxy_alive = procfs::is_alive(static_cast<pid_t>(pid->integer), start_time->magnitude);
  if (const json::Value* fence = root->find("fence")) view.fence = fence->string;
}

// nullopt: there is none, or a proxy that is older than this file.
std::optional<json::Value> read_worker(const std::string& directory) {
  const Result<std::string> text = read_file(directory + "/worker.json", 65536);
  if (!text) return std::nullopt;
  Result<json::Value> root = json::parse(*text);
  return root ? std::optional(std::move(*root)) : std::nullopt;
}

}  // namespace

SandboxView read_sandbox(const std::string& run_directory, const std::string& id) {
  SandboxView view;
  view.directory = run_directory + "/" + id;
  view.record.id = id;
  Result<oci::SandboxRecord> record = oci::read_sandbox_record(view.directory);
  if (record)
    view.record = std::move(*record);
  else
    view.record_error = record.error().message;
  read_proxy(view);
  view.worker = read_worker(view.directory);
  if (!view.proxy_alive) return view;
  Result<json::Value> status = ask_proxy(view.directory, "status");
  if (status)
    view.status = std::move(*status);
  else
    view.status_error = status.error().message;
  return view;
}

Result<std::vector<SandboxView>> read_sandboxes(const std::string& run_directory) {
  std::vector<SandboxView> sandboxes;
  const Result<std::vector<std::string>> names = list_directory(run_directory);
  if (!names && names.error().errno_value == ENOENT) return sandboxes;
  if (!names) return names.error();
  for (const std::string& name : *names) sandboxes.push_back(read_sandbox(run_directory, name));
  return sandboxes;
}

Result<std::string> resolve_name(const std::vector<std::string>& names, const std::string& wanted) {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (name == wanted) return name;
    if (!wanted.empty() && name.rfind(wanted, 0) == 0) found.push_back(name);
  }
  if (found.size() == 1) return found[0];
  if (found.empty())
    return make_error("no sandbox " + quoted(wanted) + "; 'nemoclawctl sandbox list' shows what there is");
  return make_error(format("%zu sandboxes start with ", found.size()) + quoted(wanted) +
                    ": write more of the id");
}

}  // namespace nemoclaw::ctl
