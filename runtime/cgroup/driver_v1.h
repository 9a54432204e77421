// cgroup v1: a directory of the container in every mounted hierarchy.
#pragma once

#include <string>
#include <vector>

#include "runtime/cgroup/driver.h"

namespace nemoclaw::cgroup {

class DriverV1 final : public Driver {
 public:
  struct Place {
    std::string mount_point;
    oci::Strings controllers;
    std::string directory;
  };

  explicit DriverV1(std::vector<Place> places) : places_(std::move(places)) {}

  Result<void> create() override { return make(true); }
  Result<void> adopt() override { return make(false); }
  Result<void> apply_limits(const oci::Resources& resources, bool update) override;
  Result<void> add_process(pid_t pid) override;
  Result<Fd> clone_target() override;
  Result<std::vector<Fd>> join_files() override;
  Result<std::vector<pid_t>> processes(bool recursive) override;
  Result<void> freeze(bool frozen) override;
  Result<bool> is_frozen() override;
  Result<void> kill_all(int signal) override;
  Result<void> remove() override;
  Result<Stats> stats() override;
  Result<OomWatch> watch_oom() override;
  oci::Strings directories() const override;
  const char* name() const override { return "v1"; }

 private:
  const Place* find(std::string_view controller) const;
  // The hierarchy whose list of processes is believed: the freezer's, since only it can hold them still.
  const Place* process_place() const;
  // The cgroup2 of a hybrid host.
  const Place* unified() const;
  Result<void> make(bool must_be_unused);
  Result<void> make_place(const Place& place, bool must_be_unused, std::vector<std::string>& created);
  Result<void> check_unused(const Place& place);
  Result<std::vector<std::pair<std::string, FileWrite>>> device_changes(const oci::Resources& resources) const;

  std::vector<Place> places_;
  bool unified_made_ = false, born_there_ = false;
};

}  // namespace nemoclaw::cgroup
