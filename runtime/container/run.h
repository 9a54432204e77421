// run (create + start + wait + delete) and exec: the two verbs that may stay in front of their process.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/container/create.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/state_store.h"

namespace nemoclaw::container {

struct RunOptions {
  bool detach = false;
  bool keep = false;  // the container stays, stopped, when its process has ended
  bool no_subreaper = false;
  BeforeRelease before_release;
};

// The process's exit code; 0 at once with detach.
Result<int> run_container(const StateStore& store, CreateRequest request, const RunOptions& options);

// The container that an exec goes to, checked to be up.
struct ExecTarget {
  oci::StateRecord record;
  oci::EffectiveSpec effective;
  std::string state_directory;
};
Result<ExecTarget> open_exec_target(const StateStore& store, const std::string& id, bool ignore_paused);

struct ExecOptions {
  oci::Process process;  // already narrowed to what the container's policy allows
  std::string console_socket, pid_file, pidfd_socket;
  std::vector<std::string> sub_cgroups;  // each [controllers:]path
  int preserve_fds = 0;
  bool detach = false;
};

// The process's exit code; 0 at once with detach.
Result<int> exec_in_container(const ExecTarget& target, ExecOptions options);

}  // namespace nemoclaw::container
