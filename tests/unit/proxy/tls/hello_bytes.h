// ClientHello messages made of parts, for tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nemoclaw::tls {

inline std::string big_endian(size_t value, size_t bytes) {
  std::string out;
  for (size_t i = bytes; i > 0; --i) out += static_cast<char>(value >> (8 * (i - 1)) & 0xff);
  return out;
}
inline std::string with_length(std::string_view data, size_t length_bytes) {
  return big_endian(data.size(), length_bytes) + std::string(data);
}
inline std::string extension(size_t type, std::string_view data) {
  return big_endian(type, 2) + with_length(data, 2);
}
inline std::string server_name(std::string_view name) {
  return extension(0, with_length(std::string(1, '\0') + with_length(name, 2), 2));
}
inline std::string alpn(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& each : protocols) list += with_length(each, 1);
  return extension(16, with_length(list, 2));
}
inline std::string hello_message(std::string_view extensions) {
  const std::string body = std::string("\x03\x03") + std::string(32, 'r') +
                           with_length(std::string(32, 's'), 1) + with_length("\x13\x01\x13\x02", 2) +
                           with_length(std::string(1, '\0'), 1) + with_length(extensions, 2);
  return std::string(1, '\x01') + with_length(body, 3);
}
// As records of at most `fragment` bytes.
inline std::string records(std::string_view message, size_t fragment = 16384) {
  std::string out;
  for (; !message.empty(); message.remove_prefix(std::min(fragment, message.size())))
    out += std::string("\x16\x03\x01") + with_length(message.substr(0, fragment), 2);
  return out;
}
inline std::string hello_for(std::string_view name) { return records(hello_message(server_name(name))); }

}  // namespace nemoclaw::tls
