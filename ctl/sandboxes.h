// The sandboxes of this node, as their directories and proxies describe them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/oci/sandbox_record.h"

namespace nemoclaw::ctl {

struct SandboxView {
  std::string directory;
  oci::SandboxRecord record;
  std::string record_error;  // sandbox.json cannot be read; `record` then holds the id only
  int64_t proxy_pid = 0;     // 0: no proxy was started
  bool proxy_alive = false;
  std::optional<json::Value> worker;  // worker.json, as the proxy's holder wrote it
  std::string fence;                  // "proven", or "" if the hook did not get that far
  std::optional<json::Value> status;  // the proxy's own answer
  std::string status_error;
};

// Every directory below `run_directory`; a missing run directory means that there are none.
Result<std::vector<SandboxView>> read_sandboxes(const std::string& run_directory);
SandboxView read_sandbox(const std::string& run_directory, const std::string& id);

// The one name among `names` that is `wanted` or starts with it; an error if there is none or more than one.
Result<std::string> resolve_name(const std::vector<std::string>& names, const std::string& wanted);

// Pure.
std::string render_sandbox_table(const std::vector<SandboxView>& sandboxes);
std::string render_sandbox_text(const SandboxView& sandbox);
void write_sandbox_json(json::Writer& writer, const SandboxView& sandbox);

}  // namespace nemoclaw::ctl
