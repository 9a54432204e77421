// config.json -> Spec. Errors name the JSON pointer in dotted form: "linux.resources.memory.limit: expected integer".
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::oci {

// Pure. `file_name` goes before the message ("config.json: linux.namespaces[2].type: unknown namespace 'foo'").
Result<Spec> parse_spec(std::string_view text, std::string_view file_name);
Result<Spec> read_spec_file(const std::string& path);
// <bundle>/config.json, at most 16 MiB; a missing file says what a bundle needs.
Result<Spec> read_spec(const std::string& bundle);
// A process.json as exec --process and the managers' shims write it.
Result<Process> parse_process(std::string_view text, std::string_view file_name);
// {"memory":...} as update --resources takes it.
Result<Resources> parse_resources(std::string_view text, std::string_view file_name);
// From an already parsed tree; `at` is the pointer prefix of `value`.
Result<Spec> decode_spec(const json::Value& value, const std::string& at);

}  // namespace nemoclaw::oci
