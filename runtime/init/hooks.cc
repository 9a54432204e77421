#include <unistd.h>

#include "runtime/base/child.h"
#include "runtime/base/sys_process.h"
#include "runtime/init/hook_state.h"
#include "runtime/init/launch.h"

namespace nemoclaw::init {

std::string hook_state(const LaunchRequest& request, pid_t pid, oci::Status status) {
  oci::StateRecord record;
  record.id = request.id;
  record.oci_version = request.effective->spec.oci_version;
  record.bundle = request.bundle;
  record.rootfs = request.rootfs;
  record.init_pid = pid;
  record.annotations = request.effective->spec.annotations;
  return oci::encode_state(record, status, false);
}

namespace {

std::string first_line(std::string_view text) {
  while (text.starts_with('\n')) text.remove_prefix(1);
  return quoted(text.substr(0, text.find('\n')));
}

oci::Strings own_environment() {
  oci::Strings own;
  for (char** entry = environ; entry && *entry; ++entry) own.emplace_back(*entry);
  return own;
}

Result<void> run_hook(const oci::Hook& hook, const std::string& state_json, const HookSurroundings& surroundings) {
  ChildRequest request;
  request.path = hook.path;
  request.args = hook.args.empty() ? oci::Strings{hook.path} : hook.args;
  if (!hook.env.empty())
    request.env = hook.env;
  else
    request.env = surroundings.environment ? *surroundings.environment : own_environment();
  request.stdin_text = state_json;
  request.directory = surroundings.directory;
  if (hook.timeout) request.timeout_ms = *hook.timeout * 1000;
  const ChildOutcome outcome = TRY(run_child(request));
  if (outcome.succeeded()) return {};
  std::string why = outcome.timed_out ? format("did not end within %d s and was killed", *hook.timeout)
                                      : sys::describe_wait_status(outcome.wait_status);
  if (!outcome.stderr_text.empty()) why += ": " + first_line(outcome.stderr_text);
  return make_error(why);
}

}  // namespace

Result<void> run_hooks(const std::vector<oci::Hook>& hooks, std::string_view stage,
                       const std::string& state_json, const HookSurroundings& surroundings) {
  for (size_t i = 0; i < hooks.size(); ++i)
    TRY_CONTEXT(run_hook(hooks[i], state_json, surroundings), "error running " + std::string(stage) + " hook #" +
                                                    std::to_string(i) + ": " + quoted(hooks[i].path));
  return {};
}

}  // namespace nemoclaw::init
