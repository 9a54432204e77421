#include "hooks/hook_input.h"

#include <limits>

#include "runtime/base/ids.h"
#include "runtime/base/json.h"
#include "runtime/base/path.h"

namespace nemoclaw::hooks {

Result<void> check_options(const HookOptions& options) {
  const std::string& directory = options.sandbox_directory;
  if (directory.empty() || directory[0] != '/' || clean_path(directory) != directory)
    return make_error("--sandbox-dir: expected an absolute path without '.' and '..'");
  if (!check_container_id(base_name(directory)))
    return make_error("--sandbox-dir: its last component must be a sandbox's id");
  if (options.container) TRY_CONTEXT(check_container_id(*options.container), "--container");
  return {};
}

Result<HookState> parse_hook_state(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return make_error(
        "no container state on standard input: nemoclaw-hook is called by a runtime, not by hand");
  const json::Value root =
      TRY_CONTEXT(json::parse(text, {.bytes_max = size_t{1} << 20}), "container state on stdin");
  if (root.type != json::Type::Object) return make_error("container state on stdin: expected an object");
  HookState state;
  const auto text_of = [&](const char* key, std::string& target) {
    const json::Value* member = root.find(key);
    if (member && member->is_string()) target = member->string;
    return !member || member->is_string();
  };
  for (auto [key, target] :
       {std::pair{"id", &state.id}, {"bundle", &state.bundle}, {"status", &state.status}})
    if (!text_of(key, *target))
      return make_error(std::string("container state on stdin: ") + key + ": expected a string");
  TRY_CONTEXT(check_container_id(state.id), "container state on stdin");
  if (const json::Value* pid = root.find("pid")) {
    if (pid->type != json::Type::Integer || pid->integer < 0 ||
        pid->integer > std::numeric_limits<pid_t>::max())
      return make_error("container state on stdin: pid: expected a process id");
    state.pid = static_cast<pid_t>(pid->integer);
  }
  return state;
}

}  // namespace nemoclaw::hooks
