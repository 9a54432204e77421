// Audit records as a person reads them.
#pragma once

#include <string>
#include <string_view>

namespace nemoclaw::ctl {

enum class LogFormat { Text, Json };

// One audit line (docs/sandbox.md) without its newline -> one line of output, without newline. Whatever a
// container put into a name or a path comes out without control bytes. A line that is not a record is shown
// as such: an audit log is evidence, nothing of it is hidden.
//   Text:  2026-01-02T03:04:05.678Z DENY  /usr/bin/curl -> example.com:443  -  policy_denied: no entry allows
//   this  [d-17]
std::string render_log_line(std::string_view line, LogFormat format);

// Splits what was appended to a log into whole lines; the rest waits for more.
class LineBuffer {
 public:
  void append(std::string_view bytes) { pending_.append(bytes); }
  bool next(std::string& line);

 private:
  std::string pending_;
};

}  // namespace nemoclaw::ctl
