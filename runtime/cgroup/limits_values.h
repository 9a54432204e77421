// Pure arithmetic between OCI's (cgroup v1) numbers and cgroup v2's, as the ecosystem's runtimes agree on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::cgroup {

// cpu.shares [2..262144] -> cpu.weight [1..10000]; meets both ends and the defaults (1024 -> 100). 0 stays "unset".
uint64_t cpu_weight_from_shares(uint64_t shares);
// blkio.weight [10..1000] -> io.weight [1..10000].
uint64_t io_weight_from_blkio(uint16_t weight);
// OCI's swap is memory plus swap, v2's is swap alone; nullopt = leave it. -1 = unlimited.
Result<std::optional<int64_t>> swap_from_total(std::optional<int64_t> total, std::optional<int64_t> limit);
// "max" for -1 and below.
std::string limit_text(int64_t limit);
// "" or an error that names a memory setting which contradicts another.
Result<void> check_memory(const oci::MemoryResources& memory);
std::string device_text(int64_t major, int64_t minor);

}  // namespace nemoclaw::cgroup
