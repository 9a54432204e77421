// create: from an effective spec to a process that waits for start. Everything that was made is undone if a
// step fails.
#pragma once

#include <functional>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/container/state_store.h"
#include "runtime/oci/effective_spec.h"
#include "runtime/oci/state.h"

namespace nemoclaw::container {

struct CreateRequest {
  oci::EffectiveSpec effective;
  std::string id;
  std::string bundle;          // absolute
  std::string rootfs;          // absolute, on the host
  std::string console_socket;  // path; gets the terminal's master
  FdRef console_fd;  // the same as a connected socket, for callers that proxy the terminal themselves
  std::string pid_file, pidfd_socket;
  // The caller's NOTIFY_SOCKET; empty: none. add_notify_socket() has been called on the spec.
  std::string notify_manager;
  int preserve_fds = 0;
  bool no_pivot = false;
  bool no_new_keyring = false;
  bool systemd_cgroup = false;
  bool rootless = false;
  // Called when id and cgroup are known and no process exists yet (the caller prepares what the hooks will
  // need).
  std::function<Result<void>(const oci::StateRecord&, const oci::EffectiveSpec&)> before_launch;
};

struct Created {
  StateDirectory directory;  // locked
  oci::StateRecord record;
  Fd pidfd;
};

Result<Created> create_container(const StateStore& store, const CreateRequest& request);

// Pure: a terminal needs someone to take its master, and the other way round.
Result<void> check_terminal(bool terminal, bool detached, bool console_socket);

}  // namespace nemoclaw::container
