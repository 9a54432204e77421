#include "runtime/oci/spec_writer.h"

#include "runtime/oci/spec_fields.h"

namespace nemoclaw::oci {

void write_spec(json::Writer& writer, const Spec& spec) { detail::write(writer, spec); }

void write_process(json::Writer& writer, const Process& process) { detail::write(writer, process); }

std::string encode_spec(const Spec& spec, bool indent) { return encode_text(spec, indent); }

}  // namespace nemoclaw::oci
