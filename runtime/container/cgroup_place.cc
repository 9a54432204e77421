#include "runtime/container/cgroup_place.h"

#include <unistd.h>

#include <cerrno>

#include "runtime/base/procfs.h"

namespace nemoclaw::container {

Result<std::unique_ptr<cgroup::Driver>> place_cgroup(const oci::Spec& spec, const oci::StateRecord& record) {
  const std::string& written = spec.linux_.cgroups_path;
  if (!record.systemd_cgroup) return TRY_CONTEXT(cgroup::open_driver_for(written, record.id), "cgroup");
  const bool user = record.rootless && (geteuid() != 0 || procfs::in_user_namespace());
  return TRY_CONTEXT(cgroup::open_systemd_driver(written, record.id, spec.annotations, user), "cgroup");
}

bool may_do_without_cgroup(const oci::StateRecord& record, const oci::Spec& spec, const Error& failure) {
  const bool refused = failure.errno_value == EACCES || failure.errno_value == EPERM || failure.errno_value == EROFS;
  return refused && record.rootless && !record.systemd_cgroup && spec.linux_.cgroups_path.empty();
}

Result<std::unique_ptr<cgroup::Driver>> cgroup_of(const oci::StateRecord& record) {
  const cgroup::SystemdUnit unit = {.slice = "", .name = record.systemd_unit, .user = record.systemd_user};
  return TRY_CONTEXT(cgroup::reopen_driver(record.cgroup_driver, record.cgroup_paths, unit), "cgroup");
}

}  // namespace nemoclaw::container
