// Capabilities (config.md, "Linux Process"; capabilities(7)): five sets as bit masks, and their application
// by the bare system calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

struct CapabilityPlan {
  uint64_t bounding = 0, effective = 0, inheritable = 0, permitted = 0, ambient = 0;
  std::vector<std::string> ignored;  // names that nobody knows, or that this process cannot give
  uint64_t not_ambient() const { return ambient & ~(permitted & inheritable); }  // the kernel refuses these
};

// What the calling process could hand on: its permitted set, and what its bounding set still holds.
uint64_t available_capabilities();

// -1 if unknown. "CAP_CHOWN" in any case.
int capability_number(std::string_view name);
const char* capability_name(int number);  // nullptr if unknown
oci::Strings capability_names();

// Pure. Absent in the spec means none at all. A name outside `available` is left out and listed, as runc
// does.
CapabilityPlan plan_capabilities(const std::optional<oci::Capabilities>& capabilities, uint64_t available);

// Two halves, because CAP_SETPCAP is needed for the first and the user changes in between.
Result<void> drop_bounding(const CapabilityPlan& plan);
// Sets the other four for good; needs nothing but what is in the permitted set.
Result<void> set_capabilities(const CapabilityPlan& plan);
// Makes everything permitted effective: after setuid(2) with PR_SET_KEEPCAPS the effective set is empty.
Result<void> raise_permitted();

}  // namespace nemoclaw::isolation
