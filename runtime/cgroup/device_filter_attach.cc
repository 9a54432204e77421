#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/cgroup/device_filter.h"

namespace nemoclaw::cgroup {

namespace {

long bpf(int command, bpf_attr& attributes) { return syscall(SYS_bpf, command, &attributes, sizeof attributes); }

uint64_t address(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

Result<Fd> load(const std::vector<bpf_insn>& program) {
  bpf_attr attributes = {};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = address(program.data());
  attributes.insn_cnt = static_cast<uint32_t>(program.size());
  attributes.license = address("Apache-2.0");
  const long raw = bpf(BPF_PROG_LOAD, attributes);
  if (raw < 0) return errno_error("load the device filter (bpf)");
  return Fd(static_cast<int>(raw));
}

Result<std::vector<uint32_t>> attached_programs(FdRef cgroup) {
  std::vector<uint32_t> ids(64);
  bpf_attr attributes = {};
  attributes.query.target_fd = static_cast<uint32_t>(cgroup.raw());
  attributes.query.attach_type = BPF_CGROUP_DEVICE;
  attributes.query.prog_ids = address(ids.data());
  attributes.query.prog_cnt = static_cast<uint32_t>(ids.size());
  if (bpf(BPF_PROG_QUERY, attributes) < 0) return errno_error("query the cgroup's device filters (bpf)");
  ids.resize(attributes.query.prog_cnt);
  return ids;
}

Result<Fd> program_by_id(uint32_t id) {
  bpf_attr attributes = {};
  attributes.prog_id = id;
  const long raw = bpf(BPF_PROG_GET_FD_BY_ID, attributes);
  if (raw < 0) return errno_error("open the cgroup's present device filter (bpf)");
  return Fd(static_cast<int>(raw));
}

bool attach(FdRef cgroup, FdRef program, FdRef replaced) {
  bpf_attr attributes = {};
  attributes.target_fd = static_cast<uint32_t>(cgroup.raw());
  attributes.attach_bpf_fd = static_cast<uint32_t>(program.raw());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (replaced.valid()) {
    attributes.attach_flags |= BPF_F_REPLACE;
    attributes.replace_bpf_fd = static_cast<uint32_t>(replaced.raw());
  }
  return bpf(BPF_PROG_ATTACH, attributes) == 0;
}

bool detach(FdRef cgroup, FdRef program) {
  bpf_attr attributes = {};
  attributes.target_fd = static_cast<uint32_t>(cgroup.raw());
  attributes.attach_bpf_fd = static_cast<uint32_t>(program.raw());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  return bpf(BPF_PROG_DETACH, attributes) == 0;
}

}  // namespace

Result<void> attach_device_program(FdRef cgroup, const std::vector<bpf_insn>& program) {
  const Fd loaded = TRY(load(program));
  std::vector<Fd> old;
  for (const uint32_t id : TRY(attached_programs(cgroup))) old.push_back(TRY(program_by_id(id)));
  if (old.size() == 1 && attach(cgroup, loaded, old[0])) return {};
  if (!attach(cgroup, loaded, FdRef())) return errno_error("attach the device filter (bpf)");
  // All attached programs must agree, so the new one already holds while the old ones go.
  for (const Fd& each : old) {
    if (!detach(cgroup, each)) return errno_error("detach the old device filter (bpf)");
  }
  return {};
}

}  // namespace nemoclaw::cgroup
