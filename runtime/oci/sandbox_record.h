// sandbox.json: what runtime, hook, proxy and nemoclawctl know in common about one sandbox (docs/sandbox.md).
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::oci {

struct SandboxRecord {
  std::string id, created;
  Strings container_ids;
  std::string runtime_root, bundle, rootfs, image, hostname;
  std::string policy, policy_digest, policy_file;
  std::string ceiling, ceiling_digest;  // name and digest of ceiling.yaml; empty: the node has none
  Strings cgroups;               // absolute directories of the container's cgroup
  std::string log_directory;     // <log_directory>/<id>
  std::string resolv_conf, hosts;  // host paths of what is mounted there; empty: read from the rootfs
  std::string config_file;       // node config given with --config; empty = default
  bool pod = false;              // a Kubernetes pod: the kubelet's probes come in from the node
  bool operator==(const SandboxRecord&) const = default;
};

std::string encode_sandbox_record(const SandboxRecord& record);
Result<SandboxRecord> decode_sandbox_record(std::string_view text);
// <sandbox directory>/sandbox.json
Result<SandboxRecord> read_sandbox_record(const std::string& sandbox_directory);

}  // namespace nemoclaw::oci
