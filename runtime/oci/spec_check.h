// Rules between fields that the structs cannot express (absolute paths, known namespaces, no duplicates, a process when
// one is needed). Pure; the message names the field and the remedy.
#pragma once

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::oci {

Result<void> check_spec(const Spec& spec);
Result<void> check_process(const Process& process);

}  // namespace nemoclaw::oci
