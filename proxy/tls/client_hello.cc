#include "proxy/tls/client_hello.h"

#include <algorithm>
#include <optional>

#include "runtime/base/error.h"

namespace nemoclaw::tls {

namespace {

constexpr size_t kRecordBytesMax = 16384;  // RFC 8446, 5.1
constexpr uint8_t kHandshakeRecord = 22, kClientHelloMessage = 1;
constexpr uint16_t kServerName = 0, kAlpn = 16, kSupportedVersions = 43, kEch = 0xfe0d, kEsni = 0xffce;
constexpr size_t kExtensionsMax = 256, kListMax = 64;

uint8_t octet(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

// Takes numbers and vectors off the front; once something is missing, everything is.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }

  size_t number(size_t bytes) {
    const std::string_view raw = take(bytes);
    size_t value = 0;
    for (size_t i = 0; i < raw.size(); ++i) value = value << 8 | octet(raw, i);
    return value;
  }
  std::string_view take(size_t count) {
    if (failed_ || rest_.size() < count) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  // A vector behind a length of so many bytes.
  std::string_view vector(size_t length_bytes) { return take(number(length_bytes)); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

using Reason = const char*;  // nullptr: fine

Reason read_server_name(std::string_view data, ClientHello& hello) {
  Cursor extension(data);
  Cursor names(extension.vector(2));
  while (!names.at_end() && !names.failed()) {
    const size_t type = names.number(1);
    const std::string_view name = names.vector(2);
    if (type != 0) continue;  // RFC 6066 knows host_name only
    if (!hello.server_name.empty()) return "two host names in server_name";
    if (name.empty()) return "an empty host name in server_name";
    hello.server_name = name;
  }
  return extension.failed() || names.failed() || !extension.at_end() ? "server_name cannot be read" : nullptr;
}

Reason read_alpn(std::string_view data, ClientHello& hello) {
  Cursor extension(data);
  Cursor protocols(extension.vector(2));
  while (!protocols.at_end() && !protocols.failed()) {
    const std::string_view protocol = protocols.vector(1);
    if (protocol.empty() || hello.alpn.size() >= kListMax) return "a bad list of protocols (ALPN)";
    hello.alpn.emplace_back(protocol);
  }
  return extension.failed() || protocols.failed() || !extension.at_end() ? "ALPN cannot be read" : nullptr;
}

Reason read_versions(std::string_view data, ClientHello& hello) {
  Cursor extension(data);
  Cursor versions(extension.vector(1));
  hello.versions.clear();
  while (!versions.at_end() && !versions.failed() && hello.versions.size() <= kListMax)
    hello.versions.push_back(static_cast<uint16_t>(versions.number(2)));
  return extension.failed() || versions.failed() || hello.versions.size() > kListMax
             ? "supported_versions cannot be read"
             : nullptr;
}

Reason read_extension(size_t type, std::string_view data, ClientHello& hello) {
  switch (type) {
    case kServerName:
      return read_server_name(data, hello);
    case kAlpn:
      return read_alpn(data, hello);
    case kSupportedVersions:
      return read_versions(data, hello);
    case kEch:
    case kEsni:
      hello.has_ech = true;
      return nullptr;
    default:
      return nullptr;
  }
}

Reason read_extensions(std::string_view bytes, ClientHello& hello) {
  Cursor extensions(bytes);
  std::vector<size_t> seen;
  while (!extensions.at_end()) {
    const size_t type = extensions.number(2);
    const std::string_view data = extensions.vector(2);
    if (extensions.failed() || seen.size() >= kExtensionsMax) return "the extensions cannot be read";
    // Two of a kind could be read differently by us and by the server (RFC 8446, 4.2).
    if (std::find(seen.begin(), seen.end(), type) != seen.end()) return "an extension appears twice";
    seen.push_back(type);
    if (const Reason reason = read_extension(type, data, hello)) return reason;
  }
  return nullptr;
}

Reason read_hello(std::string_view body, ClientHello& hello) {
  Cursor cursor(body);
  hello.versions = {static_cast<uint16_t>(cursor.number(2))};
  cursor.take(32);   // random
  cursor.vector(1);  // session id
  cursor.vector(2);  // cipher suites
  cursor.vector(1);  // compression methods
  if (cursor.failed()) return "the ClientHello is cut short";
  if (cursor.at_end()) return nullptr;  // TLS 1.2 may have no extensions
  const std::string_view extensions = cursor.vector(2);
  if (cursor.failed() || !cursor.at_end()) return "the length of the extensions is wrong";
  return read_extensions(extensions, hello);
}

}  // namespace

HelloReader::State HelloReader::fail(std::string reason) {
  error_ = std::move(reason);
  return state_ = State::Malformed;
}

HelloReader::State HelloReader::finish() {
  const size_t length =
      size_t{octet(handshake_, 1)} << 16 | size_t{octet(handshake_, 2)} << 8 | octet(handshake_, 3);
  if (const Reason reason = read_hello(std::string_view(handshake_).substr(4, length), hello_))
    return fail(reason);
  return state_ = State::Complete;
}

HelloReader::State HelloReader::feed(std::string_view bytes) {
  while (state_ == State::NeedMore && !bytes.empty()) {
    if (record_rest_ == 0) {
      const size_t missing = std::min(5 - header_.size(), bytes.size());
      header_.append(bytes.substr(0, missing));
      bytes.remove_prefix(missing);
      if (octet(header_, 0) != kHandshakeRecord) return fail("a record that is not a handshake");
      if (header_.size() > 1 && octet(header_, 1) != 3) return fail("a record of an unknown version");
      if (header_.size() < 5) return state_;
      record_rest_ = size_t{octet(header_, 3)} << 8 | octet(header_, 4);
      if (record_rest_ == 0 || record_rest_ > kRecordBytesMax) return fail("a record of a forbidden length");
      header_.clear();
      continue;
    }
    const size_t some = std::min(record_rest_, bytes.size());
    handshake_.append(bytes.substr(0, some));
    bytes.remove_prefix(some);
    record_rest_ -= some;
    if (octet(handshake_, 0) != kClientHelloMessage)
      return fail("a handshake that does not begin with a ClientHello");
    if (handshake_.size() < 4) continue;
    const size_t length =
        size_t{octet(handshake_, 1)} << 16 | size_t{octet(handshake_, 2)} << 8 | octet(handshake_, 3);
    if (length + 4 > kHelloBytesMax) return fail("a ClientHello of more than 64 KiB");
    if (handshake_.size() >= length + 4) return finish();
  }
  return state_;
}

}  // namespace nemoclaw::tls
