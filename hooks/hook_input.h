// What a runtime gives to a hook: the arguments, and the State of runtime-spec on stdin.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw::hooks {

struct HookOptions {
  std::string sandbox_directory;           // absolute; its last component is the sandbox's id
  std::optional<std::string> config_file;  // node configuration
  std::optional<std::string> container;    // join and leave: the container's id
};

// Checks that the directory is one that we may work in: absolute, clean, named by an id.
Result<void> check_options(const HookOptions& options);

struct HookState {
  std::string id;
  std::string bundle;  // absolute
  std::string status;
  pid_t pid = 0;  // 0 after the container has stopped
};

// Pure. Unknown members are ignored, as the specification demands.
Result<HookState> parse_hook_state(std::string_view text);

}  // namespace nemoclaw::hooks
