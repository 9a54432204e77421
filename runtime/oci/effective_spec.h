// What a container is really started with: an OCI spec, plus what the specification has no words for. The policy
// compiler makes one from (policy, spec); without a policy it is the manager's spec and nothing else.
//
// Stored as effective.json in the container's state directory, where exec and delete find it again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::oci {

// Access that a Landlock rule grants below a path; the isolation room maps it to the kernel's bits for the ABI it finds.
enum class PathAccess : uint8_t { Read, ReadWrite, ReadExecute, ReadWriteExecute, DeviceReadWrite };

struct LandlockRule {
  std::string path;        // as seen inside the container
  PathAccess access = PathAccess::Read;
  bool required = false;   // hard_requirement: a path that cannot be opened fails the create
  bool implied = false;    // added by us (loader, /dev/null ...), not written in the policy
  bool operator==(const LandlockRule&) const = default;
};

struct Landlock {
  bool enabled = false;
  bool hard_requirement = false;  // any missing kernel right fails the create
  bool restrict_execute = false;  // only ReadExecute/ReadWriteExecute rules grant execution
  // TCP rights are handled (denied) unless listed here; empty with restrict_network=false leaves TCP to the fence.
  bool restrict_network = false;
  std::vector<uint16_t> connect_tcp, bind_tcp;
  bool scope_signals = false;          // Landlock ABI 6
  bool scope_abstract_sockets = false; // Landlock ABI 6
  std::vector<LandlockRule> rules;
  bool operator==(const Landlock&) const = default;
};

// full | partial | none, and why: shown in state, log, audit and `plan`.
struct Protection {
  std::string name;    // "landlock", "seccomp", "network" ...
  std::string level;   // "full", "partial", "none"
  std::string reason;  // empty when full
  bool operator==(const Protection&) const = default;
};

// A file that is supplied by the runtime and bind-mounted read-only over `destination` (CA bundle, passwd with the
// sandbox user). `content` is written to the container's state directory first.
struct SuppliedFile {
  std::string destination;
  std::string content;
  uint32_t mode = 0444;
  bool operator==(const SuppliedFile&) const = default;
};

// What must be so in the container's own file system, with all its mounts, or the create fails.
struct IntegrityFile {
  std::string path;
  std::string sha256;  // lower-case hex
  bool operator==(const IntegrityFile&) const = default;
};
struct IntegrityLinks {
  std::string directory;        // every symbolic link in it or below it ...
  std::string must_point_into;  // ... leads to this directory or below it
  bool operator==(const IntegrityLinks&) const = default;
};

struct EffectiveSpec {
  Spec spec;
  Landlock landlock;
  std::vector<Seccomp> extra_seccomp;  // each loaded in addition to spec.linux.seccomp
  std::vector<SuppliedFile> supplied_files;
  // Directories inside the rootfs that are mounted as a small writable tmpfs owned by process.user (the home of a
  // user that the image lacks).
  Strings supplied_directories;
  std::vector<IntegrityFile> integrity_files;
  std::vector<IntegrityLinks> integrity_links;
  std::vector<Protection> protections;
  std::string policy_name;    // empty: no policy
  std::string policy_digest;  // "sha256:..." of the policy's text
  std::string ceiling_name;   // the policy that bounded this one; empty: none did
  std::string ceiling_digest;
  Strings ceiling_cuts;       // what it took away, one sentence each
  std::string sandbox_id;     // sandbox directory that fence and proxy use; empty: no egress control
  bool operator==(const EffectiveSpec&) const = default;
};

// JSON, complete and reversible: decode(encode(x)) == x.
std::string encode_effective_spec(const EffectiveSpec& effective);
Result<EffectiveSpec> decode_effective_spec(std::string_view text);

}  // namespace nemoclaw::oci
