// The words of an OCI seccomp profile (actions, flags, architectures, comparisons) as the kernel's numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/isolation/seccomp_filter.h"

namespace nemoclaw::isolation {

// SECCOMP_RET_* with its data. `at` is the field that the message names; errno_ret on an action that has none
// is an error, as the specification demands.
Result<uint32_t> seccomp_action(const std::string& name, std::optional<uint32_t> errno_ret,
                                const std::string& at);
// SECCOMP_FILTER_FLAG_*; 0 for flags that need nothing from us (TSYNC: the process has one thread).
Result<uint32_t> seccomp_flag(const std::string& name, const std::string& at);
Result<Comparison> seccomp_comparison(const std::string& name, const std::string& at);

enum class SeccompArchitecture : uint8_t { X86_64, X86, X32, Aarch64, Arm, Foreign };
// Foreign: an architecture of the specification that neither of our machines runs.
Result<SeccompArchitecture> seccomp_architecture(const std::string& name, const std::string& at);

}  // namespace nemoclaw::isolation
