// The rules of the section "linux"; part of check_spec.
#pragma once

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::oci {

Result<void> check_linux(const Spec& spec);

}  // namespace nemoclaw::oci
