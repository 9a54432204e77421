// Reads one message body out of a byte stream and no byte more; strict about every chunk (RFC 9112
// section 7.1). No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/framing.h"
#include "proxy/http/lines.h"

namespace nemoclaw::http {

class BodyDecoder {
 public:
  explicit BodyDecoder(const Framing& framing);

  enum class State { NeedMore, Complete, Malformed };
  // Takes the body's bytes off the front of `input` and appends its content to `content`. Chunk extensions
  // and trailers are checked, bounded and dropped.
  State feed(std::string_view& input, std::string& content);
  // The same without copying: stops after one unbroken run of content, which lies in `input`; empty if there
  // was none.
  State feed_run(std::string_view& input, std::string_view& run);
  State state() const { return state_; }
  // The stream ended: Complete only if the framing allows the body to end here.
  State end_of_stream();
  const std::string& error() const { return error_; }

 private:
  State fail(const char* reason);
  std::string_view take(std::string_view& input);
  State feed_chunked(std::string_view& input, std::string_view& run);
  State take_size_line(const std::string& line);
  State take_trailer(const std::string& line);

  enum class Part { SizeLine, Data, DataEnd, Trailers };
  Framing framing_;
  State state_ = State::NeedMore;
  uint64_t left_ = 0;
  Part part_ = Part::SizeLine;
  LineReader lines_;
  size_t extension_bytes_ = 0, trailer_bytes_ = 0;
  std::string error_;
};

// One chunk, "size CRLF data CRLF"; empty data gives nothing (it would end the body).
std::string encode_chunk(std::string_view data);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace nemoclaw::http
