#include "proxy/tls/sniff.h"

#include <algorithm>

#include "proxy/http/framing.h"
#include "proxy/http/text.h"

namespace nemoclaw::tls {

namespace {

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n";
constexpr std::string_view kProxyV1 = "PROXY ";
constexpr std::string_view kProxyV2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr size_t kMethodBytesMax = 20;
constexpr unsigned kFieldsMax = 100;

// Yes, no, or (nullopt-like) not yet.
enum class Fit : uint8_t { No, Yes, Open };

Fit fits(std::string_view bytes, std::string_view pattern) {
  const size_t common = std::min(bytes.size(), pattern.size());
  if (bytes.substr(0, common) != pattern.substr(0, common)) return Fit::No;
  return common == pattern.size() ? Fit::Yes : Fit::Open;
}

// Upper-case letters and a space; what it really is, the end of the line tells.
Fit looks_like_method(std::string_view bytes) {
  const size_t letters = static_cast<size_t>(
      std::find_if(bytes.begin(), bytes.end(), [](char c) { return c < 'A' || c > 'Z'; }) - bytes.begin());
  if (letters > kMethodBytesMax) return Fit::No;
  if (letters == bytes.size()) return Fit::Open;
  return letters > 0 && bytes[letters] == ' ' ? Fit::Yes : Fit::No;
}

Protocol recognise_binary(std::string_view bytes) {
  const auto first = static_cast<uint8_t>(bytes[0]);
  const bool has_second = bytes.size() > 1;
  const uint8_t second = has_second ? static_cast<uint8_t>(bytes[1]) : 0;
  if (first == 0x16) return !has_second ? Protocol::Undecided : second == 3 ? Protocol::Tls : Protocol::Other;
  // SOCKS5: the number of methods, RFC 1928; SOCKS4: CONNECT or BIND.
  if (first == 5) return !has_second ? Protocol::Undecided : second > 0 ? Protocol::Socks : Protocol::Other;
  if (first == 4)
    return !has_second ? Protocol::Undecided : second == 1 || second == 2 ? Protocol::Socks : Protocol::Other;
  return Protocol::Other;
}

}  // namespace

const char* protocol_name(Protocol protocol) {
  switch (protocol) {
    case Protocol::Tls:
      return "TLS";
    case Protocol::Http1:
      return "HTTP/1";
    case Protocol::Http2:
      return "HTTP/2";
    case Protocol::Socks:
      return "SOCKS";
    case Protocol::ProxyProtocol:
      return "the PROXY protocol";
    case Protocol::Undecided:
    case Protocol::Other:
      break;
  }
  return "an unknown protocol";
}

Protocol recognise(std::string_view bytes) {
  if (bytes.empty()) return Protocol::Undecided;
  bool open = false;
  for (const auto& [pattern, protocol] :
       {std::pair{kProxyV1, Protocol::ProxyProtocol}, std::pair{kProxyV2, Protocol::ProxyProtocol},
        std::pair{kHttp2Preface, Protocol::Http2}}) {
    const Fit fit = fits(bytes, pattern);
    if (fit == Fit::Yes) return protocol;
    open = open || fit == Fit::Open;
  }
  if (open) return Protocol::Undecided;
  switch (looks_like_method(bytes)) {
    case Fit::Yes:
      return Protocol::Http1;
    case Fit::Open:
      return Protocol::Undecided;
    case Fit::No:
      break;
  }
  return recognise_binary(bytes);
}

bool Sniffer::feed(std::string_view bytes) {
  if (done_) return false;
  const size_t before = bytes_.size();
  bytes_.append(bytes);
  std::string_view fresh = bytes;
  if (sniffed_.protocol == Protocol::Undecided) {
    sniffed_.protocol = recognise(bytes_);
    fresh = bytes_;  // nothing of it has been read yet
  }
  if (sniffed_.protocol == Protocol::Tls)
    feed_tls(fresh);
  else if (sniffed_.protocol == Protocol::Http1)
    feed_http(fresh);
  else if (sniffed_.protocol != Protocol::Undecided)
    finish();
  if (!done_ && before + bytes.size() >= 2 * kHelloBytesMax) finish("more than 128 KiB without an end");
  return !done_;
}

void Sniffer::end() {
  if (done_) return;
  if (sniffed_.protocol == Protocol::Undecided) sniffed_.protocol = Protocol::Other;
  if (sniffed_.protocol == Protocol::Http1 && !have_request_line_) {
    sniffed_.protocol = Protocol::Other;  // it only began like HTTP
    return finish();
  }
  const bool complete = sniffed_.protocol == Protocol::Other;
  finish(complete
             ? ""
             : std::string("its ") + (sniffed_.protocol == Protocol::Tls ? "ClientHello" : "request head") +
                   " ended in the middle");
}

void Sniffer::finish(std::string malformed) {
  done_ = true;
  sniffed_.malformed = std::move(malformed);
}

void Sniffer::feed_tls(std::string_view bytes) {
  switch (hello_.feed(bytes)) {
    case HelloReader::State::NeedMore:
      return;
    case HelloReader::State::Malformed:
      return finish(hello_.error());
    case HelloReader::State::Complete:
      sniffed_.hello = hello_.hello();
      sniffed_.name = sniffed_.hello.server_name;
      return finish();
  }
}

void Sniffer::feed_http(std::string_view bytes) {
  while (!done_ && !bytes.empty()) {
    switch (lines_.next(bytes)) {
      case http::LineReader::Step::NeedMore:
        return;
      case http::LineReader::Step::Line:
        take_line(lines_.line());
        break;
      case http::LineReader::Step::Malformed:
      case http::LineReader::Step::TooLong:
        if (have_request_line_) return finish("a header line that is too long or does not end with CR LF");
        sniffed_.protocol = Protocol::Other;
        return finish();
    }
  }
}

void Sniffer::take_line(const std::string& line) {
  if (!have_request_line_) return take_request_line(line);
  if (line.empty()) return hosts_ > 1 ? finish("more than one Host") : finish();
  if (++fields_ > kFieldsMax) return finish("too many header fields");
  const Result<http::Field> field = http::parse_field(line);
  if (!field) return finish(field.error().message);
  if (!http::equals_ignoring_case(field->name, "host")) return;
  ++hosts_;
  if (is_origin_form_) sniffed_.name = field->value;
}

// Only "METHOD target HTTP/1.x" is HTTP; a chatty protocol of words is not. A request to another proxy
// (CONNECT, absolute form) says where that proxy is to go, not where this connection leads.
void Sniffer::take_request_line(std::string_view line) {
  const size_t first = line.find(' '), last = line.rfind(' ');
  const std::string_view version = line.substr(last + 1);
  if (first == last || (version != "HTTP/1.1" && version != "HTTP/1.0")) {
    sniffed_.protocol = Protocol::Other;
    return finish();
  }
  have_request_line_ = true;
  sniffed_.method = line.substr(0, first);
  is_origin_form_ = line[first + 1] == '/' || line.substr(first + 1, last - first - 1) == "*";
}

std::string render_alert(Alert alert) {
  const char bytes[] = {21, 3, 3, 0, 2, 2, static_cast<char>(alert)};
  return std::string(bytes, sizeof bytes);
}

}  // namespace nemoclaw::tls
