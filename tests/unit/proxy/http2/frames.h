// Frames of HTTP/2 byte by byte, as a client of no library would send them, and what a session answers.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http2/message.h"

namespace nemoclaw::http2::test {

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
enum Type : uint8_t {
  kData,
  kHeaders,
  kPriority,
  kReset,
  kSettings,
  kPush,
  kPing,
  kGoAway,
  kWindow,
  kContinuation
};
enum Flag : uint8_t { kNone = 0, kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8 };

inline std::string number(uint32_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    text += static_cast<char>(value >> static_cast<unsigned>(shift));
  return text;
}

inline std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload = {}) {
  std::string text = number(static_cast<uint32_t>(payload.size()), 3);
  text += static_cast<char>(type);
  text += static_cast<char>(flags);
  return text + number(stream, 4) + std::string(payload);
}

// Literal fields that no table keeps (RFC 7541, 6.2.2): what a test writes is what is sent.
inline std::string encode(const Block& block) {
  const auto text = [](const std::string& value) {
    std::string size;
    if (value.size() < 127) {
      size += static_cast<char>(value.size());
    } else {
      size += '\x7f';
      size_t rest = value.size() - 127;
      for (; rest >= 128; rest /= 128) size += static_cast<char>(rest % 128 + 128);
      size += static_cast<char>(rest);
    }
    return size + value;
  };
  std::string encoded;
  for (const http::Field& field : block)
    encoded += std::string(1, '\0') + text(field.name) + text(field.value);
  return encoded;
}

inline std::string settings(const std::vector<std::pair<uint16_t, uint32_t>>& values = {}) {
  std::string payload;
  for (const auto& [name, value] : values) payload += number(name, 2) + number(value, 4);
  return frame(kSettings, kNone, 0, payload);
}

inline std::string headers(uint32_t stream, const Block& block, bool ends = true) {
  return frame(kHeaders, static_cast<uint8_t>(kEndHeaders | (ends ? kEndStream : kNone)), stream,
               encode(block));
}

inline Block get(const std::string& path = "/a", const std::string& host = "h.test") {
  return {{":method", "GET"}, {":scheme", "https"}, {":authority", host}, {":path", path}};
}

inline Block post(const std::string& path = "/a", const Block& more = {}) {
  Block block{{":method", "POST"}, {":scheme", "https"}, {":authority", "h.test"}, {":path", path}};
  block.insert(block.end(), more.begin(), more.end());
  return block;
}

struct Frame {
  uint8_t type = 0, flags = 0;
  uint32_t stream = 0;
  std::string payload;
  uint32_t code() const {  // of a reset, or behind GOAWAY's last stream
    const size_t at = type == kGoAway ? 4 : 0;
    uint32_t value = 0;
    for (size_t i = at; i < at + 4 && i < payload.size(); ++i)
      value = value << 8U | static_cast<uint8_t>(payload[i]);
    return value;
  }
};

// Everything that is whole; a client's preface is skipped.
inline std::vector<Frame> parse(std::string_view bytes) {
  if (bytes.starts_with(kPreface)) bytes.remove_prefix(kPreface.size());
  std::vector<Frame> frames;
  const auto byte = [&](size_t at) { return static_cast<uint32_t>(static_cast<uint8_t>(bytes[at])); };
  while (bytes.size() >= 9) {
    const size_t size = byte(0) << 16U | byte(1) << 8U | byte(2);
    if (bytes.size() < 9 + size) break;
    frames.push_back({static_cast<uint8_t>(byte(3)), static_cast<uint8_t>(byte(4)),
                      byte(5) << 24U | byte(6) << 16U | byte(7) << 8U | byte(8),
                      std::string(bytes.substr(9, size))});
    bytes.remove_prefix(9 + size);
  }
  return frames;
}

// A whole header block of one connection's direction; the table is kept from one to the next.
class Decoder {
 public:
  Decoder() { nghttp2_hd_inflate_new(&inflater_); }
  ~Decoder() { nghttp2_hd_inflate_del(inflater_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  Block decode(std::string_view block) {
    Block fields;
    for (;;) {
      nghttp2_nv field;
      int flags = 0;
      const ssize_t used = nghttp2_hd_inflate_hd2(
          inflater_, &field, &flags, reinterpret_cast<const uint8_t*>(block.data()), block.size(), 1);
      if (used < 0) return {{"error", nghttp2_strerror(static_cast<int>(used))}};
      block.remove_prefix(static_cast<size_t>(used));
      if (flags & NGHTTP2_HD_INFLATE_EMIT)
        fields.push_back({std::string(reinterpret_cast<char*>(field.name), field.namelen),
                          std::string(reinterpret_cast<char*>(field.value), field.valuelen)});
      if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
      if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && block.empty()) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return fields;
  }

 private:
  nghttp2_hd_inflater* inflater_ = nullptr;
};

inline std::string find(const Block& block, std::string_view name) {
  for (const http::Field& field : block)
    if (field.name == name) return field.value;
  return {};
}

}  // namespace nemoclaw::http2::test
