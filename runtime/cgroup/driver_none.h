// No cgroup at all: what an ordinary user's container gets where no hierarchy may be written. It has no limits, cannot be
// paused, and its processes are those of its PID namespace.
#pragma once

#include <string>
#include <vector>

#include "runtime/cgroup/driver.h"

namespace nemoclaw::cgroup {

class DriverNone final : public Driver {
 public:
  Result<void> create() override { return {}; }
  Result<void> adopt() override { return {}; }
  Result<void> apply_limits(const oci::Resources& resources, bool update) override;
  Result<void> add_process(pid_t) override { return {}; }
  Result<Fd> clone_target() override { return Fd(); }
  Result<std::vector<Fd>> join_files() override { return std::vector<Fd>(); }
  Result<std::vector<pid_t>> processes(bool) override { return missing("list its processes"); }
  Result<void> freeze(bool) override { return missing("pause or resume it"); }
  Result<bool> is_frozen() override { return false; }
  Result<void> kill_all(int) override { return {}; }
  Result<void> remove() override { return {}; }
  Result<Stats> stats() override { return missing("count what it uses"); }
  Result<OomWatch> watch_oom() override { return OomWatch(); }
  oci::Strings directories() const override { return {}; }
  const char* name() const override { return "none"; }

 private:
  static Error missing(const std::string& what);
};

// Pure. Whether the resources ask for more than a container without a cgroup has.
bool needs_cgroup(const oci::Resources& resources);

}  // namespace nemoclaw::cgroup
