// cgroup v2 has no device files: a BPF program of type CGROUP_DEVICE decides every mknod and open of a device.
#pragma once

#include <linux/bpf.h>

#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/cgroup/device_rules.h"

namespace nemoclaw::cgroup {

// Pure. Returns 1 (allow) or 0 (deny) for a struct bpf_cgroup_dev_ctx.
std::vector<bpf_insn> build_device_program(const DeviceTable& table);

// Loads the program and attaches it to the cgroup directory, replacing what an earlier call attached: atomically if the
// kernel can (5.6), else the new one first, so that there is no moment without a filter.
Result<void> attach_device_program(FdRef cgroup, const std::vector<bpf_insn>& program);

}  // namespace nemoclaw::cgroup
