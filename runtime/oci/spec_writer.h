// Spec -> JSON, with the specification's field names; parse_spec reads it back to an equal value.
#pragma once

#include <string>

#include "runtime/base/json.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::oci {

void write_spec(json::Writer& writer, const Spec& spec);
void write_process(json::Writer& writer, const Process& process);
std::string encode_spec(const Spec& spec, bool indent);
// What `nemoclaw-runtime spec` writes; `rootless` adds the user namespace with the caller's ids and leaves out what an
// ordinary user cannot have.
Spec default_spec(bool rootless, uint32_t uid, uint32_t gid);

}  // namespace nemoclaw::oci
