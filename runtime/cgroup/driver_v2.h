// cgroup v2: one directory of the container in the unified hierarchy.
#pragma once

#include <string>
#include <vector>

#include "runtime/cgroup/driver.h"

namespace nemoclaw::cgroup {

class DriverV2 final : public Driver {
 public:
  DriverV2(std::string mount_point, std::string directory)
      : mount_point_(std::move(mount_point)), directory_(std::move(directory)) {}

  Result<void> create() override;
  Result<void> adopt() override;
  Result<void> apply_limits(const oci::Resources& resources, bool update) override;
  Result<void> add_process(pid_t pid) override;
  Result<Fd> clone_target() override;
  Result<std::vector<Fd>> join_files() override { return std::vector<Fd>(); }
  Result<std::vector<pid_t>> processes(bool recursive) override;
  Result<void> freeze(bool frozen) override;
  Result<bool> is_frozen() override;
  Result<void> kill_all(int signal) override;
  Result<void> remove() override;
  Result<Stats> stats() override;
  Result<OomWatch> watch_oom() override;
  oci::Strings directories() const override { return {directory_}; }
  const char* name() const override { return "v2"; }

 private:
  std::string file(const char* name) const { return directory_ + "/" + name; }
  Result<void> check_unused();
  Result<void> wait_frozen(bool frozen);
  Result<void> join_threads();

  std::string mount_point_;
  std::string directory_;
};

// "+cpu +memory ..." for cgroup.subtree_control from the content of cgroup.controllers. Pure.
std::string enable_text(std::string_view controllers);

// Whether a threaded cgroup can have the file: only some controllers know threads (cgroups(7)). Pure.
bool is_for_threads(std::string_view file);

}  // namespace nemoclaw::cgroup
