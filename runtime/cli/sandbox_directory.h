// The sandbox directory (docs/sandbox.md) at create: made before the hooks need it, removed if the create
// fails.
#pragma once

#include <optional>
#include <string>

#include "policy/select/select.h"
#include "runtime/base/result.h"
#include "runtime/oci/effective_spec.h"
#include "runtime/oci/sandbox_record.h"
#include "runtime/oci/state.h"

namespace nemoclaw::cli {

// The link in the container's state directory that leads `start` to the sandbox directory.
constexpr char kSandboxLink[] = "sandbox";

struct SandboxInput {
  const policy::NodeConfig* config = nullptr;
  const policy::Selected* selected = nullptr;
  std::string config_file;   // --config, absolute; empty: default
  std::string runtime_root;  // --root
};

// Pure: sandbox.json's content. `spec` is the effective one.
oci::SandboxRecord make_sandbox_record(const SandboxInput& input, const oci::Spec& spec,
                                       const oci::StateRecord& state);

class SandboxDirectory {
 public:
  // Makes <run_directory>/<id> (0700) with policy.yaml and sandbox.json, and the link in the state directory.
  // For a container that joins: containers/<container id> in the directory of its sandbox.
  static Result<SandboxDirectory> create(const SandboxInput& input, const oci::Spec& spec,
                                         const oci::StateRecord& state);
  SandboxDirectory(SandboxDirectory&& other) noexcept;
  SandboxDirectory& operator=(SandboxDirectory&&) = delete;
  // Unless kept: the proxy is stopped if it was started, and the directory removed.
  ~SandboxDirectory();
  void keep() { path_.clear(); }

 private:
  SandboxDirectory(std::string path, std::string joined, std::string hook_path, std::string config_file)
      : path_(std::move(path)),
        joined_(std::move(joined)),
        hook_path_(std::move(hook_path)),
        config_file_(std::move(config_file)) {}

  std::string path_;
  std::string joined_;  // the sandbox directory above path_; empty: path_ is one itself
  std::string hook_path_, config_file_;
};

}  // namespace nemoclaw::cli
