// How long a message body is: decided once from the head, never guessed (RFC 9112 section 6, narrowed: a
// message that two parsers could frame differently is refused). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::http {

struct Field {
  std::string name, value;  // name as written, value without the white space around it
};

const Field* find_field(const std::vector<Field>& fields, std::string_view name);
size_t count_fields(const std::vector<Field>& fields, std::string_view name);

enum class BodyKind : uint8_t { None, Length, Chunked, UntilClose };

struct Framing {
  BodyKind kind = BodyKind::None;
  uint64_t length = 0;
};

// Digits only, no leading zero, at most 19 digits.
Result<uint64_t> parse_content_length(std::string_view text);

// Content-Length and Transfer-Encoding of one message: at most one of the two, once, and `chunked` alone.
// Neither: BodyKind::None (a response's reader turns that into UntilClose).
Result<Framing> parse_framing(const std::vector<Field>& fields, int minor_version);

// Names that are not tokens, names that imitate those that frame a message, and control bytes in values.
Result<void> check_field(std::string_view name, std::string_view value);
// Fields of a request that may stand in it once only.
Result<void> check_singletons(const std::vector<Field>& fields);

// "name: value" -> Field; refuses folded lines, white space before the colon, and names that are not tokens.
Result<Field> parse_field(std::string_view line);

// Fields that end at this hop: the fixed ones, those that Connection names, and everything that starts with
// "proxy-". Framing fields and Host count as hop-by-hop too, because they are written anew.
std::vector<Field> end_to_end_fields(const std::vector<Field>& fields);
// The same as text, "Name: value CRLF" each.
void append_end_to_end(const std::vector<Field>& fields, std::string& head);

// Tokens of Connection; an error if it names a field that frames or routes the message.
Result<std::vector<std::string>> connection_tokens(const std::vector<Field>& fields);
// HTTP/1.1 stays open unless `close` is said; HTTP/1.0 is closed whatever it says.
bool keeps_alive(const std::vector<std::string>& tokens, int minor_version);

}  // namespace nemoclaw::http
