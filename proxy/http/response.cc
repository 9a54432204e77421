#include "proxy/http/response.h"

#include <algorithm>

#include "proxy/http/text.h"

namespace nemoclaw::http {

using State = ResponseParser::State;

State ResponseParser::fail(std::string reason) {
  error_ = std::move(reason);
  return state_ = State::Malformed;
}

State ResponseParser::feed(std::string_view& input) {
  while (state_ == State::NeedMore && !input.empty()) {
    switch (lines_.next(input)) {
      case LineReader::Step::NeedMore:
        return state_;
      case LineReader::Step::Malformed:
        return fail("a line that does not end with CR LF, or a NUL byte");
      case LineReader::Step::TooLong:
        return fail("the response head is too large");
      case LineReader::Step::Line:
        break;
    }
    const std::string& line = lines_.line();
    if (!have_status_line_) {
      have_status_line_ = true;
      take_status_line(line);
    } else if (line.empty()) {
      finish();
    } else if (response_.fields.size() >= 200) {
      fail("too many header fields");
    } else {
      Result<Field> field = parse_field(line);
      if (!field) return fail(field.error().message);
      response_.fields.push_back(std::move(*field));
    }
  }
  return state_;
}

State ResponseParser::take_status_line(std::string_view line) {
  const bool version = line.substr(0, 9) == "HTTP/1.1 " || line.substr(0, 9) == "HTTP/1.0 ";
  if (!version || line.size() < 12) return fail("not an HTTP/1 status line");
  const std::string_view code = line.substr(9, 3);
  const bool digits = std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || code[0] < '1' || code[0] > '5' || (line.size() > 12 && line[12] != ' '))
    return fail("not an HTTP status code");
  response_.minor_version = line[7] - '0';
  response_.status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
  response_.reason = line.size() > 13 ? line.substr(13) : std::string_view();
  if (!is_field_value(response_.reason)) return fail("a control byte in the reason phrase");
  return state_;
}

State ResponseParser::finish() {
  std::erase_if(response_.fields,
                [](const Field& field) { return equals_ignoring_case(field.name, "alt-svc"); });
  const Result<std::vector<std::string>> tokens = connection_tokens(response_.fields);
  if (!tokens) return fail(tokens.error().message);
  const Result<Framing> framing = parse_framing(response_.fields, response_.minor_version);
  if (!framing) return fail(framing.error().message);
  response_.framing = *framing;
  response_.keep_alive = keeps_alive(*tokens, response_.minor_version);
  const bool bodiless =
      method_ == "HEAD" || response_.status < 200 || response_.status == 204 || response_.status == 304;
  if (bodiless)
    response_.framing = Framing{BodyKind::None, 0};
  else if (framing->kind == BodyKind::None)
    response_.framing.kind = BodyKind::UntilClose;
  if (response_.framing.kind == BodyKind::UntilClose) response_.keep_alive = false;
  return state_ = State::Complete;
}

std::string serialise_response(const Response& response, int client_minor_version, bool keep_alive) {
  std::string head;
  head.reserve(1024);
  head.append("HTTP/1.1 ")
      .append(std::to_string(response.status))
      .append(" ")
      .append(response.reason)
      .append("\r\n");
  append_end_to_end(response.fields, head);
  const Field* length = find_field(response.fields, "content-length");
  if (response.framing.kind == BodyKind::Length)
    head.append("Content-Length: ").append(std::to_string(response.framing.length)).append("\r\n");
  else if (response.framing.kind == BodyKind::None && length && response.status != 204)
    // HEAD and 304: the length that a GET would have had
    head.append("Content-Length: ").append(length->value).append("\r\n");
  else if (response.framing.kind == BodyKind::Chunked && client_minor_version == 1)
    head += "Transfer-Encoding: chunked\r\n";
  return head += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
}

}  // namespace nemoclaw::http
