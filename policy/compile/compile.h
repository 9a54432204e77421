// (policy, spec, facts) -> effective spec + report. A pure function that only ever narrows what the manager
// asked for.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/model/policy.h"
#include "runtime/base/result.h"
#include "runtime/oci/effective_spec.h"

namespace nemoclaw::policy {

// What the compiler must know about the host and the image; gathered by the caller (image_facts.h), so that
// tests can make it up.
struct Facts {
  int landlock_abi = 0;
  std::string container_id;
  // From the image's /etc/passwd and /etc/group, read through the rootfs descriptor; empty if the image has
  // none.
  std::string passwd, group;
  // Which of the paths that the policy and the implied rules name exist in the rootfs (links resolved inside
  // it).
  std::vector<std::string> existing_paths;
  // Those of them that are links, or below one: path -> where it leads, inside the rootfs.
  std::vector<std::pair<std::string, std::string>> link_targets;
  // PT_INTERP loaders of the image that were found, e.g. /lib64/ld-linux-x86-64.so.2.
  std::vector<std::string> loaders;
  // args[0] as a path in the image, and the interpreters that it names by "#!"; empty if it was not found.
  std::string command;
  std::vector<std::string> interpreters;
  // What the globs of filesystem_policy.execute stand for: pattern -> path.
  std::vector<std::pair<std::string, std::string>> execute_matches;
  // Limits of the runtime's own process: a container cannot be given more.
  std::vector<oci::Rlimit> inherited_rlimits;
  std::string hook_path;          // nemoclaw-hook on the host; empty: no egress control is possible
  std::string config_file;        // passed on to the hook
  std::string sandbox_directory;  // <run_directory>/<id>, see docs/sandbox.md
  // The sandbox whose network namespace the spec joins; empty: this container makes one of its own.
  std::string joined_sandbox;
  // The spec's namespace path of this type is the host's own namespace.
  bool network_is_host = false, pid_is_host = false;
  bool allow_host_network = false;  // never set from a policy
};

struct ReportLine {
  std::string area;  // "filesystem", "process", "syscalls", "network", "environment" ...
  std::string what;  // "capabilities dropped: CAP_CHOWN ..."
  std::string why;   // "process.capabilities (policy line 12)", "implied: the image's loader"
};

struct Compiled {
  oci::EffectiveSpec effective;
  std::vector<ReportLine> report;
};

// An error names policy line or spec field, and the remedy ("the container shares the host's network ...:
// remove --network host").
Result<Compiled> compile(const Policy& policy, const oci::Spec& spec, const Facts& facts);

// The same narrowing for a process that exec adds to a running container (`effective` is the container's).
// Without a policy the process comes back as it is.
Result<oci::Process> narrow_exec_process(const oci::EffectiveSpec& effective, const oci::Process& process);

}  // namespace nemoclaw::policy
