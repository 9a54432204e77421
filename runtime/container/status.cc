#include "runtime/container/status.h"

#include "runtime/base/procfs.h"
#include "runtime/cgroup/driver.h"

namespace nemoclaw::container {

oci::Status status_from(const Signs& signs) {
  // Between the reservation and the clone there is no init yet; only a running create tells that from
  // "stopped".
  if (!signs.init_alive)
    return signs.creating_socket && signs.locked_elsewhere ? oci::Status::Creating : oci::Status::Stopped;
  if (signs.frozen) return oci::Status::Paused;
  if (signs.start_socket) return oci::Status::Created;
  if (signs.creating_socket) return oci::Status::Creating;
  return oci::Status::Running;
}

oci::Status status_of(const StateDirectory& directory, const oci::StateRecord& record) {
  Signs signs;
  signs.init_alive = record.init_pid > 0 && procfs::is_alive(record.init_pid, record.init_start_time);
  signs.start_socket = directory.has(kStartSocket);
  signs.creating_socket = directory.has(kCreatingSocket);
  if (!signs.init_alive) {
    signs.locked_elsewhere = signs.creating_socket && directory.is_locked_elsewhere();
  } else if (!signs.start_socket && !signs.creating_socket && !record.cgroup_paths.empty()) {
    signs.frozen = cgroup::is_frozen_in(record.cgroup_paths);
  }
  return status_from(signs);
}

}  // namespace nemoclaw::container
