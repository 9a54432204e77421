#include "runtime/init/handshake.h"

#include "runtime/base/json.h"
#include "runtime/base/log.h"

namespace nemoclaw::init {

std::string encode_failure(std::string_view step, const Error& error) {
  json::Writer writer;
  writer.begin_object();
  writer.member("step", step);
  writer.member("errno", error.errno_value);
  writer.member("exit_code", error.exit_code);
  writer.member("message", error.message);
  writer.end_object();
  return writer.take();
}

Error decode_failure(std::string_view text) {
  const Result<json::Value> record = json::parse(text);
  const json::Value* message = record ? record->find("message") : nullptr;
  // A record that was cut off (the process died while writing) still says something to a person.
  if (!message || !message->is_string()) return make_error("the container's process failed: " + quoted(text));
  Error error = make_error(message->string);
  if (const json::Value* number = record->find("errno"))
    error.errno_value = static_cast<int>(number->integer);
  if (const json::Value* code = record->find("exit_code")) error.exit_code = static_cast<int>(code->integer);
  if (const json::Value* step = record->find("step")) log::debug("failed at step " + quoted(step->string));
  return error;
}

std::string encode_protections(const std::vector<oci::Protection>& protections) {
  json::Writer writer;
  writer.begin_array();
  for (const oci::Protection& each : protections) {
    writer.begin_object();
    writer.member("name", each.name).member("level", each.level).member("reason", each.reason);
    writer.end_object();
  }
  writer.end_array();
  return writer.take();
}

std::vector<oci::Protection> decode_protections(std::string_view text) {
  std::vector<oci::Protection> protections;
  const Result<json::Value> list = json::parse(text);
  if (!list) return protections;
  for (const json::Value& item : list->array) {
    const auto member = [&](const char* name) {
      const json::Value* value = item.find(name);
      return value ? value->string : std::string();
    };
    protections.push_back({member("name"), member("level"), member("reason")});
  }
  return protections;
}

}  // namespace nemoclaw::init
