#include "proxy/net/tunnel_answer.h"

namespace nemoclaw::net {

namespace {

constexpr size_t kHeadBytesMax = 16 << 10;

bool is_digit(char each) { return each >= '0' && each <= '9'; }

}  // namespace

Result<std::optional<size_t>> parse_tunnel_answer(std::string_view received) {
  // "HTTP/1.1 200 ": whatever it is, it must begin like this.
  constexpr std::string_view kVersion = "HTTP/1.";
  const std::string_view start = received.substr(0, kVersion.size());
  if (start != kVersion.substr(0, start.size())) return make_error("what answers there is no proxy for HTTP");
  const size_t end = received.find("\r\n\r\n");
  if (end == received.npos) {
    if (received.size() > kHeadBytesMax) return make_error("its answer's head is too long");
    return std::optional<size_t>();
  }
  const std::string_view line = received.substr(0, received.find("\r\n"));
  const bool well_formed = line.size() >= 12 && is_digit(line[7]) && line[8] == ' ' && is_digit(line[9]) &&
                           is_digit(line[10]) && is_digit(line[11]) && (line.size() == 12 || line[12] == ' ');
  if (!well_formed) return make_error("its answer cannot be read");
  const std::string_view status = line.substr(9, 3);
  if (status == "407") return make_error("it asks for credentials, or for others (407)");
  if (status.front() != '2') return make_error("it refused the connection: " + quoted(line.substr(9), 120));
  return std::optional(end + 4);
}

}  // namespace nemoclaw::net
