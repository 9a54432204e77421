// Starting processes inside a container: the parent's side of the handshake with the init process, and the
// only door into this room. What the child does between clone and exec is the ordered table in steps.cc.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/isolation/network_ahead.h"
#include "runtime/oci/effective_spec.h"
#include "runtime/oci/state.h"

namespace nemoclaw::init {

// In the state directory of a container without a mount namespace: where its root and everything in it is mounted.
// Detached before that directory is removed.
constexpr char kHostMountDirectory[] = "rootfs";

struct LaunchRequest {
  const oci::EffectiveSpec* effective = nullptr;
  std::string id;
  std::string bundle;           // absolute
  std::string rootfs;           // absolute, on the host
  std::string state_directory;  // absolute; supplied files are written below it and bind-mounted from there
  FdRef start_listener;         // listening AF_UNIX socket; the child accepts one connection = "start"
  FdRef console_socket;  // connected AF_UNIX socket that gets the pty's master by SCM_RIGHTS; invalid: none
  FdRef cgroup_target;   // cgroup v2 directory for CLONE_INTO_CGROUP; invalid: cgroup_joins or on_cloned
  // cgroup v1: files of cgroup::Driver::join_files(). The new process moves itself before its first step, so
  // that nothing of the container's ever runs outside; empty: on_cloned moves it.
  std::vector<FdRef> cgroup_joins;
  isolation::NetworkAhead* network = nullptr;  // is being made already; without it clone3 makes one
  int preserve_fds = 0;  // descriptors 3..3+N-1 stay open in the process
  bool no_pivot = false;
  bool no_new_keyring = false;
};

// Called in the parent, in this order. An error stops the launch: the child is killed and reaped, and the
// error is what launch_container returns.
struct LaunchEvents {
  // The child exists. Put it into its cgroup here, if neither cgroup_target nor cgroup_joins was given. Id
  // maps are written by this room.
  std::function<Result<void>(pid_t)> on_cloned;
  // cgroup v1, instead of cgroup_joins: makes the cgroup and gives the files by which the child then moves
  // itself. It mounts meanwhile; no hook and nothing of the container's runs before it has moved.
  std::function<Result<std::vector<Fd>>(pid_t)> make_cgroup;
  // All namespaces and mounts stand, pivot_root is still to come: prestart and createRuntime hooks run here.
  std::function<Result<void>(pid_t)> on_namespaces_ready;
};

struct Launched {
  pid_t pid = 0;  // in the runtime's PID namespace
  Fd pidfd;
  std::vector<oci::Protection> protections;  // what the kernel really gave (Landlock ABI, skipped paths ...)
};

// Returns when the container is "created": everything is applied that can be before start, args[0] has been
// looked up in the rootfs, and the child waits in accept() on start_listener.
Result<Launched> launch_container(const LaunchRequest& request, const LaunchEvents& events);

// Releases a created container by connecting to its start socket (used by `start`). Waits until the process
// has been exec'ed (the child's end closes) or reports why not, e.g. exec: "/x": permission denied (exit_code
// 126/127/1).
Result<void> release(FdRef start_connection);

struct ExecRequest {
  const oci::EffectiveSpec* effective = nullptr;  // the container's, from its state directory
  const oci::Process* process = nullptr;          // already narrowed to what the policy allows
  pid_t init_pid = 0;                             // whose namespaces are joined
  uint64_t init_start_time = 0;                   // procfs::Stat::start_time: it is that process and no later one
  std::string state_directory;
  FdRef console_socket;
  FdRef cgroup_target;
  std::vector<FdRef> cgroup_joins;  // as in LaunchRequest; only the final process joins
  int preserve_fds = 0;
};

// Returns once the process has been exec'ed; the same confinement as the container's first process
// (capabilities, user, Landlock, seccomp, no_new_privs, environment). A failing exec carries exit_code 255
// and runc's texts.
Result<Launched> launch_exec(const ExecRequest& request, const LaunchEvents& events);

// What a hook starts with, as with runc.
struct HookSurroundings {
  // The bundle; for createContainer the container's root, for startContainer the process's cwd. Empty: where the caller
  // is.
  std::string directory;
  // Of a hook that names none; nullptr: the caller's own.
  const oci::Strings* environment = nullptr;
};

// Runs OCI hooks one after the other in the caller's namespaces with the State JSON on stdin; a hook that
// fails, or outlives its timeout, is an error that names the stage, the path, the exit status and its
// stderr's first line.
Result<void> run_hooks(const std::vector<oci::Hook>& hooks, std::string_view stage, const std::string& state_json,
                       const HookSurroundings& surroundings = {});

}  // namespace nemoclaw::init
