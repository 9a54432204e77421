// CRLF lines from a byte stream, strictly: a bare LF, a bare CR or a NUL is an error at the byte where it
// stands, so the answer never depends on how the stream was cut into segments. No I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nemoclaw::http {

class LineReader {
 public:
  LineReader(size_t line_bytes_max, size_t total_bytes_max)
      : line_bytes_max_(line_bytes_max), total_bytes_max_(total_bytes_max) {}

  enum class Step { NeedMore, Line, Malformed, TooLong };
  // Takes bytes off the front of `input` up to the end of one line (without its CRLF: line()).
  Step next(std::string_view& input);
  const std::string& line() const { return line_; }

 private:
  size_t line_bytes_max_, total_bytes_max_, total_ = 0;
  std::string line_;
  bool after_cr_ = false, complete_ = false;
};

}  // namespace nemoclaw::http
