// cgroups by systemd: a transient scope per container. systemd makes the directory and keeps its hands off what is below
// it (Delegate=yes); everything else is done in the files, by the driver for their version.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/cgroup/driver.h"
#include "runtime/cgroup/systemd_unit.h"

namespace nemoclaw::cgroup {

// A process that does nothing but be in a cgroup. It ends with the object, or with this process.
class PlaceHolder {
 public:
  PlaceHolder() = default;
  PlaceHolder(const PlaceHolder&) = delete;
  PlaceHolder& operator=(const PlaceHolder&) = delete;
  ~PlaceHolder() { end(); }

  Result<void> begin();
  void end();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

class SystemdManager;

class DriverSystemd final : public Driver {
 public:
  // A new container's.
  DriverSystemd(SystemdUnit unit, Layout layout, std::string description, UnitProperties extra);
  // An existing container's; `files` has its directories.
  DriverSystemd(SystemdUnit unit, std::unique_ptr<Driver> files);
  ~DriverSystemd() override;

  Result<void> create() override;
  Result<void> adopt() override { return create(); }
  Result<void> apply_limits(const oci::Resources& resources, bool update) override;
  Result<void> add_process(pid_t pid) override;
  Result<Fd> clone_target() override;
  Result<std::vector<Fd>> join_files() override;
  Result<std::vector<pid_t>> processes(bool recursive) override;
  Result<void> freeze(bool frozen) override { return files_->freeze(frozen); }
  Result<bool> is_frozen() override { return files_->is_frozen(); }
  Result<void> kill_all(int signal) override { return files_->kill_all(signal); }
  Result<void> remove() override;
  Result<Stats> stats() override { return files_->stats(); }
  Result<OomWatch> watch_oom() override { return files_->watch_oom(); }
  // Known once systemd has made them.
  oci::Strings directories() const override { return files_ ? files_->directories() : oci::Strings(); }
  const char* name() const override { return files_->name(); }
  SystemdUnit unit() const override { return unit_; }

 private:
  Result<SystemdManager*> manager();
  Result<UnitProperties> properties_for(const oci::Resources& resources);

  SystemdUnit unit_;
  Layout layout_;
  std::string description_;
  UnitProperties extra_;
  std::unique_ptr<Driver> files_;
  std::unique_ptr<SystemdManager> manager_;  // connected on first use: most verbs need the files alone
  // A scope cannot be started empty, and the container's process shall be born into it: until then this one is there.
  PlaceHolder holder_;
};

}  // namespace nemoclaw::cgroup
