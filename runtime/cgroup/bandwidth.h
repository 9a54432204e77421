// CPU bandwidth is two numbers, and an update may name one of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/oci/spec.h"

namespace nemoclaw::cgroup {

// `present`: "quota period" as cpu.max has it; a quota of "max" or -1 is none. What `cpu` leaves out of the
// two is filled in, if it names the other one. Pure.
void complete_bandwidth(oci::CpuResources& cpu, std::string_view present);

// The same with what the kernel has in the container's cgroup: v2's file and systemd's property are made of
// both numbers, so that a new period alone would lift the limit, and a new quota alone would change what it
// is a part of.
oci::Resources with_present_bandwidth(const oci::Resources& resources,
                                      const std::vector<std::string>& directories);

}  // namespace nemoclaw::cgroup
