// Where the running kernel keeps the members of its structures: from its own description of them (BTF,
// /sys/kernel/btf/vmlinux).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::bpf {

struct Member {
  std::string_view structure, name;
};

// Pure. Byte offsets in the order of `wanted`, -1 for what this kernel does not have. Members of nameless
// structures and unions within count as members.
Result<std::vector<int32_t>> find_members(std::string_view btf, const std::vector<Member>& wanted);

}  // namespace nemoclaw::bpf
