#include <algorithm>

#include "ctl/printable.h"
#include "runtime/base/file.h"
#include "ctl/sandboxes.h"

namespace nemoclaw::ctl {
namespace {

constexpr size_t kShortId = 12;  // as docker ps shows ids

std::string proxy_state(const SandboxView& view) {
  if (view.proxy_pid == 0) return "none";
  if (!view.proxy_alive) return "dead";
  const json::Value* state = view.worker ? view.worker->find("state") : nullptr;
  if (!state || !state->is_string() || state->string == "running") return "alive";
  return printable(state->string, 20);  // its worker: starting, waiting, stopping
}

std::string worker_count(const SandboxView& view, std::string_view name) {
  const json::Value* count = view.worker ? view.worker->find(name) : nullptr;
  return count && count->type == json::Type::Integer ? std::to_string(count->magnitude) : "-";
}

std::string count_of(const SandboxView& view, std::string_view name) {
  const json::Value* count = view.status ? view.status->find(name) : nullptr;
  return count && count->type == json::Type::Integer ? std::to_string(count->magnitude) : "-";
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : printable(text); }

}  // namespace

std::string render_sandbox_table(const std::vector<SandboxView>& sandboxes) {
  std::vector<std::vector<std::string>> rows = {
      {"SANDBOX", "POLICY", "PROXY", "RESTARTS", "ALLOWED", "DENIED", "CREATED", "IMAGE"}};
  for (const SandboxView& view : sandboxes) {
    const bool is_digest = view.record.id.size() == 64;
    rows.push_back({printable(is_digest ? view.record.id.substr(0, kShortId) : view.record.id),
                    or_dash(view.record.policy), proxy_state(view), worker_count(view, "restarts"),
                    count_of(view, "allowed"), count_of(view, "denied"), or_dash(view.record.created),
                    or_dash(view.record.image)});
  }
  std::vector<size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows)
    for (size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t column = 0; column < row.size(); ++column)
      line += row[column] + std::string(widths[column] - row[column].size() + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string render_sandbox_text(const SandboxView& view) {
  std::string text;
  const auto line = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += format("%-16s", name) + printable(value, 4096) + "\n";
  };
  const oci::SandboxRecord& record = view.record;
  line("sandbox", record.id);
  line("problem", view.record_error);
  line("created", record.created);
  line("image", record.image);
  line("policy", record.policy);
  line("digest", record.policy_digest);
  line("policy file", record.policy_file);
  line("bundle", record.bundle);
  line("rootfs", record.rootfs);
  for (const std::string& id : record.container_ids) line("container", id);
  for (const std::string& directory : record.cgroups) line("cgroup", directory);
  line("log", record.log_directory.empty() ? "" : record.log_directory + "/audit.jsonl");
  line("directory", view.directory);
  line("fence", view.fence.empty() ? "not proven" : view.fence);
  // Written by nemoclaw-hook when it runs alone, under another runtime.
  line("not enforced", read_file(view.directory + "/not-enforced", 4096).value_or(""));
  line("proxy", proxy_state(view) +
                    (view.proxy_pid ? format(" (pid %lld)", static_cast<long long>(view.proxy_pid)) : ""));
  if (view.worker) {
    line("worker", "pid " + worker_count(view, "worker") + ", restarts " + worker_count(view, "restarts"));
    for (const auto& [key, label] : {std::pair{"last_end", "last crash"}, {"upgrade", "last upgrade"}}) {
      const json::Value* value = view.worker->find(key);
      if (value && value->is_string()) line(label, value->string);
    }
  }
  line("status", view.status_error);
  for (const char* name :
       {"started", "generation", "connections", "allowed", "denied", "audit_failures", "identity"}) {
    const json::Value* value = view.status ? view.status->find(name) : nullptr;
    if (!value) continue;
    if (value->type == json::Type::Integer) line(name, std::to_string(value->integer));
    if (value->type == json::Type::Boolean) line(name, value->boolean ? "yes" : "no");
    if (value->is_string()) line(name, value->string);
  }
  const json::Value* containers = view.status ? view.status->find("containers") : nullptr;
  for (size_t at = 1; containers && at < containers->array.size(); ++at) {
    const json::Value* id = containers->array[at].find("id");
    const json::Value* policy = containers->array[at].find("policy");
    if (id && policy) line("joined by", id->string + ", policy " + policy->string);
  }
  return text;
}

void write_sandbox_json(json::Writer& writer, const SandboxView& view) {
  const oci::SandboxRecord& record = view.record;
  writer.begin_object();
  writer.member("id", record.id).member("created", record.created).member("image", record.image);
  writer.member("policy", record.policy).member("policy_digest", record.policy_digest);
  writer.member("policy_file", record.policy_file).member("container_ids", record.container_ids);
  writer.member("bundle", record.bundle).member("rootfs", record.rootfs).member("cgroups", record.cgroups);
  writer.member("log_directory", record.log_directory).member("directory", view.directory);
  writer.member("fence", view.fence.empty() ? "not proven" : view.fence);
  writer.key("proxy").begin_object();
  writer.member("state", proxy_state(view)).member("pid", view.proxy_pid).end_object();
  if (view.worker) writer.member("worker", *view.worker);
  if (view.status) writer.member("status", *view.status);
  if (!view.status_error.empty()) writer.member("status_error", view.status_error);
  if (!view.record_error.empty()) writer.member("error", view.record_error);
  writer.end_object();
}

}  // namespace nemoclaw::ctl
