// What happens between clone and execve: ordered tables of named steps over one context. A step that fails
// stops the table; its error is what the parent returns.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/channel.h"
#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/init/handshake.h"
#include "runtime/init/launch.h"
#include "runtime/init/launch_plan.h"
#include "runtime/init/program.h"
#include "runtime/isolation/identity.h"

namespace nemoclaw::init {

// The child's state. Everything in it was made by the parent before the clone, or by an earlier step.
struct Context {
  const ProcessPlan* process = nullptr;
  const ContainerPlan* container = nullptr;  // nullptr for exec
  const LaunchRequest* launch = nullptr;     // nullptr for exec
  const oci::EffectiveSpec* effective = nullptr;
  std::string id;

  Channel channel;          // to the parent; closed at "created", or by execve
  Fd proc;                  // the host's procfs, verified
  std::vector<Fd> joined;   // namespaces to join, in plan order
  Fd network;               // made for this container before the clone
  std::vector<Fd> sources;  // bind sources that the parent had to open
  std::vector<Fd> id_maps;  // user namespaces by mount step, for sources in the container's root
  std::vector<Fd> device_nodes;     // by node of the plan: what the parent had to make
  std::vector<Fd> read_only_later;  // mounts that seal_rootfs makes read-only
  std::vector<isolation::CgroupHierarchy> hierarchies;
  bool unified_cgroup = false;
  Fd listener_socket;       // seccomp listener, connected
  Fd init;                  // exec: pidfd of the container's first process
  Fd init_root;             // exec: its root, if no mount namespace is joined
  int init_namespaces = 0;  // exec: CLONE_NEW* to join through it
  FdRef start_listener, console_socket;
  std::vector<FdRef> cgroup_joins;
  std::vector<Fd> cgroup_files;  // the same, made while this process was at work already
  int preserve_fds = 0;
  FileIdentity own;

  // Made on the way.
  Go progress = Go::Start;
  pid_t pid_outside = 0;  // as the runtime sees this process
  bool cgroup_namespace_done = false;
  Fd root;
  Fd start;  // the accepted start connection
  Fd ruleset;
  isolation::ExecLabel label;
  std::string program;
  oci::Strings environment;
  bool keep_groups = false;  // the caller's supplementary groups stay (run.oci.keep_original_groups)
  bool standing_in_cwd = false;
  std::vector<oci::Protection> protections;
};

struct Step {
  const char* name;
  Result<void> (*run)(Context&);
};

// From the clone to "created".
std::span<const Step> create_steps();
// From the start connection to execve (never returns successfully).
std::span<const Step> start_steps();
// From the clone into the container's namespaces to execve.
std::span<const Step> exec_steps();

struct StepFailure {
  const char* step;
  Error error;
};
std::optional<StepFailure> run_steps(std::span<const Step> steps, Context& context);

// Waits until the parent has said `go`.
Result<void> wait_for(Context& context, Go go);

// The steps, by file. steps_namespace.cc:
Result<void> join_cgroup(Context&);
// Waits until the cgroup is made and joined; moves this process into it where that is left to it.
Result<void> enter_cgroup(Context&);
Result<void> reset_process(Context&);  // signals, descriptors, session, not dumpable
Result<void> wait_for_id_maps(Context&);
Result<void> join_namespaces(Context&);
Result<void> set_time_offsets(Context&);
Result<void> become_mapped_root(Context&);
Result<void> set_names(Context&);
Result<void> write_sysctls(Context&);
Result<void> raise_loopback(Context&);
Result<void> enter_cgroup_namespace(Context&);  // waits for the cgroup first
// steps_filesystem.cc:
Result<void> prepare_rootfs(Context&);
Result<void> mount_all(Context&);
Result<void> make_devices(Context&);
Result<void> report_namespaces_ready(Context&);
Result<void> run_create_container_hooks(Context&);
Result<void> protect_paths(Context&);
Result<void> enter_rootfs(Context&);
Result<void> make_working_directory(Context&);
Result<void> seal_rootfs(Context&);
Result<void> verify_integrity(Context&);
// steps_process.cc:
Result<void> open_terminal(Context&);
Result<void> reopen_null(Context&);
Result<void> join_keyring(Context&);
Result<void> set_scheduling(Context&);
Result<void> open_label(Context&);
Result<void> prepare_landlock(Context&);
Result<void> look_up_program(Context&);
Result<void> run_start_container_hooks(Context&);
Result<void> mark_descriptors(Context&);
Result<void> enter_working_directory(Context&);
Result<void> set_no_new_privileges(Context&);
Result<void> restrict_filesystem(Context&);
Result<void> drop_bounding_set(Context&);
Result<void> change_user(Context&);
Result<void> load_filters_privileged(Context&);
Result<void> set_capabilities(Context&);
Result<void> load_filters(Context&);
Result<void> execute(Context&);

}  // namespace nemoclaw::init
