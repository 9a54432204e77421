// A json::Value tree as YAML, in block style. The subset that every reader of YAML 1.1 and 1.2 takes alike.
#include <algorithm>

#include "policy/parse/full_schema.h"

namespace nemoclaw::policy {
namespace {

// Words that some reader takes for a boolean or for nothing.
bool is_word_with_meaning(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  constexpr std::string_view kWords[] = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"};
  return std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords);
}

// Letters first and nothing that is ever syntax: everything else is quoted, because a policy must not be read
// differently by another program.
bool can_stand_plain(std::string_view text) {
  if (text.empty() || is_word_with_meaning(text)) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (!letter(text[0]) && text[0] != '/') return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '/';
  });
}

// JSON's escapes are YAML's as well (YAML 1.2.2, section 7.3.1).
std::string scalar(const json::Value& value) {
  if (value.type == json::Type::String && can_stand_plain(value.string)) return value.string;
  json::Writer writer;
  writer.value(value);
  return writer.take();
}

bool is_empty_or_scalar(const json::Value& value) {
  if (value.type == json::Type::Object) return value.object.empty();
  if (value.type == json::Type::Array) return value.array.empty();
  return true;
}

void write(const json::Value& value, size_t indent, bool at_start, std::string& out) {
  const std::string margin(indent, ' ');
  const auto start_line = [&] {
    if (!at_start) out += margin;
    at_start = false;
  };
  if (value.type == json::Type::Object) {
    for (const auto& [key, member] : value.object) {
      start_line();
      out += can_stand_plain(key) ? key : json::quote(key);
      if (is_empty_or_scalar(member)) {
        out += ": " + scalar(member) + "\n";
        continue;
      }
      out += ":\n";
      write(member, indent + 2, false, out);
    }
    return;
  }
  for (const json::Value& item : value.array) {
    start_line();
    if (is_empty_or_scalar(item)) {
      out += "- " + scalar(item) + "\n";
      continue;
    }
    out += "- ";
    write(item, indent + 2, true, out);
  }
}

}  // namespace

std::string to_yaml(const json::Value& value) {
  if (is_empty_or_scalar(value)) return scalar(value) + "\n";
  std::string out;
  write(value, 0, true, out);
  return out;
}

}  // namespace nemoclaw::policy
