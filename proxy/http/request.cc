#include "proxy/http/request.h"

#include <utility>

#include "proxy/http/text.h"

namespace nemoclaw::http {

using State = RequestParser::State;

State RequestParser::refuse(int status, std::string reason, std::string code) {
  refusal_ = Refusal{status, std::move(code), std::move(reason)};
  return state_ = State::Refused;
}

State RequestParser::feed(std::string_view& input) {
  while (state_ == State::NeedMore && !input.empty()) {
    // TLS, SOCKS and other foreign protocols end at their first byte instead of waiting for a line.
    const bool first = !std::exchange(started_, true);
    if (first && input.front() != '\r' && !is_token(input.substr(0, 1)))
      return refuse(400, "the first byte is not HTTP (TLS or SOCKS sent to an HTTP proxy?)");
    switch (lines_.next(input)) {
      case LineReader::Step::NeedMore:
        return state_;
      case LineReader::Step::Malformed:
        return refuse(400, "a line that does not end with CR LF, or a NUL byte");
      case LineReader::Step::TooLong:
        return refuse(431, "the request head is too large");
      case LineReader::Step::Line:
        break;
    }
    if (const std::optional<State> end = take_line(lines_.line())) return *end;
  }
  return state_;
}

std::optional<State> RequestParser::take_line(const std::string& line) {
  if (!have_request_line_) {
    if (line.empty()) {  // RFC 9112 section 2.2: one empty line before a request is forgiven
      if (skipped_empty_line_) return refuse(400, "empty lines before the request line");
      skipped_empty_line_ = true;
      started_ = false;
      return std::nullopt;
    }
    have_request_line_ = true;
    const State state = parse_request_line(line);
    return state == State::Refused ? std::optional(state) : std::nullopt;
  }
  if (line.empty()) return finish();
  if (request_.fields.size() >= limits_.fields_max) return refuse(431, "too many header fields");
  Result<Field> field = parse_field(line);
  if (!field) return refuse(400, field.error().message);
  request_.fields.push_back(std::move(*field));
  return std::nullopt;
}

State RequestParser::parse_request_line(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos || line.find(' ', second + 1) != std::string_view::npos)
    return refuse(400, "the request line is not 'METHOD target HTTP/1.1' with single spaces");
  const std::string_view method = line.substr(0, first), target = line.substr(first + 1, second - first - 1),
                         version = line.substr(second + 1);
  if (!is_token(method) || method.size() > 32)
    return refuse(400, "the method is not a token of at most 32 bytes");
  const bool is_version = version.size() == 8 && version.substr(0, 5) == "HTTP/" && version[6] == '.';
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refuse(is_version ? 505 : 400, "the version is neither HTTP/1.1 nor HTTP/1.0");
  request_.method = method;
  request_.is_connect = method == "CONNECT";
  request_.minor_version = version.back() - '0';
  return parse_target(target);
}

State RequestParser::parse_target(std::string_view target) {
  if (target.size() > limits_.target_bytes_max) return refuse(414, "the target is too long");
  for (const char raw : target) {
    const auto byte = static_cast<unsigned char>(raw);
    if (byte <= 0x20 || byte >= 0x7f || byte == '#' || byte == '\\')
      return refuse(400, "the target holds a control byte, a non-ASCII byte, '#' or a backslash");
  }
  if (request_.is_connect && form_ == TargetForm::Proxy) {
    Result<Authority> authority = parse_authority(target, std::nullopt);
    if (!authority) return refuse(400, "CONNECT target: " + authority.error().message);
    request_.authority = std::move(*authority);
    return state_;
  }
  const bool plain = equals_ignoring_case(target.substr(0, 7), "http://");
  if (form_ == TargetForm::Origin) {
    if (!plain && !equals_ignoring_case(target.substr(0, 8), "https://")) return parse_origin(target);
    return parse_absolute(target.substr(plain ? 7 : 8), plain ? 80 : 443);
  }
  if (!plain)
    return refuse(400, "this is a forward proxy: use CONNECT host:port, or an absolute http:// target");
  return parse_absolute(target.substr(7), 80);
}

State RequestParser::parse_origin(std::string_view target) {
  if (request_.method == "CONNECT") return refuse(400, "CONNECT inside a connection that is inspected");
  if (target != "*" ? target.empty() || target.front() != '/' : request_.method != "OPTIONS")
    return refuse(400, "the target is neither a path nor an absolute URI");
  request_.path = target;
  return state_;
}

// `target`: what stands behind the scheme.
State RequestParser::parse_absolute(std::string_view target, uint16_t default_port) {
  const size_t end = target.find_first_of("/?");
  Result<Authority> authority = parse_authority(target.substr(0, end), default_port);
  if (!authority) return refuse(400, "absolute target: " + authority.error().message);
  request_.authority = std::move(*authority);
  is_absolute_ = true;
  const std::string_view path = end == std::string_view::npos ? std::string_view() : target.substr(end);
  if (path.empty())
    request_.path = request_.method == "OPTIONS" ? "*" : "/";
  else
    request_.path = path.front() == '?' ? "/" + std::string(path) : std::string(path);
  return state_;
}

State RequestParser::check_host() {
  const size_t hosts = count_fields(request_.fields, "host");
  if (hosts > 1) return refuse(400, "more than one Host");
  if (hosts == 0) return request_.minor_version == 1 ? refuse(400, "HTTP/1.1 without Host") : state_;
  Result<Authority> host =
      parse_authority(find_field(request_.fields, "host")->value,
                      form_ == TargetForm::Origin ? default_port_ : request_.authority.port);
  if (!host) return refuse(400, "Host: " + host.error().message);
  if (form_ == TargetForm::Origin && !is_absolute_) {
    request_.authority = std::move(*host);
    return state_;
  }
  // Some clients leave the port out of CONNECT's Host, so only the names must agree.
  if (request_.is_connect && !equals_ignoring_case(host->host, request_.authority.host))
    return refuse(421, "Host names another host than the CONNECT target", "authority_mismatch");
  return state_;
}

State RequestParser::check_expect() {
  const size_t expects = count_fields(request_.fields, "expect");
  if (expects == 0) return state_;
  if (expects > 1 || !equals_ignoring_case(find_field(request_.fields, "expect")->value, "100-continue"))
    return refuse(417, "an Expect other than 100-continue");
  request_.expect_continue = request_.minor_version == 1 && !request_.is_connect;
  return state_;
}

State RequestParser::finish() {
  if (check_host() == State::Refused || check_expect() == State::Refused) return state_;
  if (const Result<void> once = check_singletons(request_.fields); !once)
    return refuse(400, once.error().message);
  const Result<std::vector<std::string>> tokens = connection_tokens(request_.fields);
  if (!tokens) return refuse(400, tokens.error().message);
  request_.keep_alive = keeps_alive(*tokens, request_.minor_version);
  const Result<Framing> framing = parse_framing(request_.fields, request_.minor_version);
  if (!framing) return refuse(400, framing.error().message);
  request_.framing = *framing;
  if (request_.is_connect && (framing->kind == BodyKind::Chunked || framing->length > 0))
    return refuse(400, "CONNECT with a body");
  return state_ = State::Complete;
}

std::string serialise_request(const Request& request, uint16_t default_port, bool keep_alive) {
  std::string head;
  head.reserve(1024);
  head.append(request.method).append(" ").append(request.path).append(" HTTP/1.1\r\nHost: ");
  head.append(render_authority(request.authority, default_port)).append("\r\n");
  append_end_to_end(request.fields, head);
  if (request.framing.kind == BodyKind::Length)
    head.append("Content-Length: ").append(std::to_string(request.framing.length)).append("\r\n");
  if (request.framing.kind == BodyKind::Chunked) head += "Transfer-Encoding: chunked\r\n";
  return head += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
}

}  // namespace nemoclaw::http
