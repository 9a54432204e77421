// (policy, spec, facts) -> effective spec + report. A pure function that only ever narrows what the manager asked for.
#pragma once

#include <string>
#include <vector>

#include "policy/model/policy.h"
#include "runtime/base/result.h"
#include "runtime/oci/effective_spec.h"

namespace nemoclaw::policy {

// What the compiler must know about the host and the image; gathered by the caller (image_facts.h), so that tests can make it up.
struct Facts {
  int landlock_abi = 0;
  std::string container_id;
  // From the image's /etc/passwd and /etc/group, read through the rootfs descriptor; empty if the image has none.
  std::string passwd, group;
  // Which of the paths that the policy and the implied rules name exist in the rootfs (links resolved inside it).
  std::vector<std::string> existing_paths;
  // PT_INTERP loaders of the image that were found, e.g. /lib64/ld-linux-x86-64.so.2.
  std::vector<std::string> loaders;
  std::string hook_path;    // nemoclaw-hook on the host; empty: no egress control is possible
  std::string config_file;  // passed on to the hook
  bool allow_host_network = false;  // never set from a policy
};

struct ReportLine {
  std::string area;    // "filesystem", "process", "syscalls", "network", "environment" ...
  std::string what;    // "capabilities dropped: CAP_CHOWN ..."
  std::string why;     // "process.capabilities (policy line 12)", "implied: the image's loader"
};

struct Compiled {
  oci::EffectiveSpec effective;
  std::vector<ReportLine> report;
};

// An error names policy line or spec field, and the remedy ("the container shares the host's network ...: remove --network host").
Result<Compiled> compile(const Policy& policy, const oci::Spec& spec, const Facts& facts);

// The same narrowing for a process that exec adds to a running container (`effective` is the container's).
Result<oci::Process> narrow_exec_process(const oci::EffectiveSpec& effective, const oci::Process& process);

}  // namespace nemoclaw::policy
