#include "runtime/oci/spec_reader.h"

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/oci/spec_fields.h"

namespace nemoclaw::oci {

Result<Spec> parse_spec(std::string_view text, std::string_view file_name) {
  return decode_text<Spec>(text, file_name);
}

Result<Spec> read_spec_file(const std::string& path) {
  const std::string text = TRY(read_file(path, document_limits.bytes_max));
  return parse_spec(text, path);
}

Result<Spec> read_spec(const std::string& bundle) {
  const std::string path = bundle + "/config.json";
  Result<std::string> text = read_file(path, document_limits.bytes_max);
  if (!text) {
    Error error = std::move(text).error();
    if (error.errno_value == ENOENT || error.errno_value == ENOTDIR)
      error = errno_error("open " + quoted(path), error.errno_value);
    if (error.errno_value == ENOENT)
      error.message += ": a bundle directory must hold config.json (make one with: nemoclaw-runtime spec)";
    return error;
  }
  return parse_spec(*text, "config.json");
}

Result<Process> parse_process(std::string_view text, std::string_view file_name) {
  return decode_text<Process>(text, file_name);
}

Result<Resources> parse_resources(std::string_view text, std::string_view file_name) {
  return decode_text<Resources>(text, file_name);
}

Result<Spec> decode_spec(const json::Value& value, const std::string& at) {
  return decode_value<Spec>(value, at.empty() ? at : at + ".");
}

}  // namespace nemoclaw::oci
