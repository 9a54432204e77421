// The container's state: the specification's State (what hooks read on stdin and `state` prints), and our record of it
// on disk, <root>/<id>/state.json.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/oci/effective_spec.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::oci {

enum class Status : uint8_t { Creating, Created, Running, Stopped, Paused };
const char* status_name(Status status);

// What start, kill and delete need of the effective spec. With a seccomp profile reading all of it takes longer than
// they do.
struct LaterVerbs {
  bool has_process = false;
  bool own_pids = false;          // a PID namespace that is not somebody else's
  bool class_of_service = false;  // linux.intelRdt
  Hooks hooks;                    // poststart and poststop alone
  bool operator==(const LaterVerbs&) const = default;
};
LaterVerbs later_verbs(const Spec& spec);

struct StateRecord {
  std::string id;
  std::string oci_version;
  std::string bundle;        // absolute
  std::string rootfs;        // absolute, on the host
  pid_t init_pid = 0;
  uint64_t init_start_time = 0;  // procfs::Stat::start_time
  std::string created;       // RFC 3339
  std::string owner;         // user name of the creator, "" if unknown
  Strings cgroup_paths;      // absolute directories that belong to this container, one per hierarchy (v1) or one (v2)
  Strings pending_cgroups;   // about to be made by a create that has not said so yet: if it was killed, they may be there
  std::string cgroup_driver; // "v1", "v2", "none"
  std::string systemd_unit;  // the scope that holds cgroup_paths, if systemd made it
  bool systemd_user = false; // by the user's own manager
  std::vector<std::pair<std::string, std::string>> namespace_paths;  // type -> /proc/<pid>/ns/...
  StringMap annotations;
  std::vector<Protection> protections;
  std::string policy_name, policy_digest, sandbox_id;
  std::string ceiling_name, ceiling_digest;
  Strings ceiling_cuts;
  bool systemd_cgroup = false;
  bool rootless = false;
  std::optional<LaterVerbs> later;  // not in those of older versions, nor of restored containers
  bool operator==(const StateRecord&) const = default;
};

std::string encode_state_record(const StateRecord& record);
Result<StateRecord> decode_state_record(std::string_view text);

// The State of runtime-spec: {"ociVersion","id","status","pid","bundle","annotations"}. With `extended`, the members
// that runc's `state` adds (rootfs, created, owner) and ours (nemoclaw: {policy, digest, sandbox, protections, ceiling}).
std::string encode_state(const StateRecord& record, Status status, bool extended);

}  // namespace nemoclaw::oci
