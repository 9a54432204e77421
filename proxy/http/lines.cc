#include "proxy/http/lines.h"

namespace nemoclaw::http {

LineReader::Step LineReader::next(std::string_view& input) {
  if (complete_) {
    line_.clear();
    complete_ = false;
  }
  while (!input.empty()) {
    const char byte = input.front();
    input.remove_prefix(1);
    if (++total_ > total_bytes_max_) return Step::TooLong;
    if (after_cr_) {
      if (byte != '\n') return Step::Malformed;
      after_cr_ = false;
      complete_ = true;
      return Step::Line;
    }
    if (byte == '\r') {
      after_cr_ = true;
      continue;
    }
    if (byte == '\n' || byte == '\0') return Step::Malformed;
    if (line_.size() >= line_bytes_max_) return Step::TooLong;
    line_ += byte;
  }
  return Step::NeedMore;
}

}  // namespace nemoclaw::http
