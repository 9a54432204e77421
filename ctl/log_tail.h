// Reads audit logs from their beginning or end and goes on as they grow.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ctl/log_lines.h"
#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::ctl {

// One growing file. Rotation (another file under the name) is noticed: the old one is read to its end first.
class LogTail {
 public:
  explicit LogTail(std::string file) : file_(std::move(file)) {}

  // Gives every whole line that has been added since the last call. A file that is not there yet is fine.
  Result<void> read_new(const std::function<void(const std::string&)>& on_line);
  const std::string& file() const { return file_; }

 private:
  Result<void> drain(const std::function<void(const std::string&)>& on_line);
  bool replaced() const;

  std::string file_;
  Fd fd_;
  LineBuffer lines_;
};

struct LogFile {
  std::string sandbox;
  std::string file;
};

// <log_directory>/<sandbox>/audit.jsonl of one sandbox (id or its beginning; also of one that is gone), or of
// all.
Result<std::vector<LogFile>> find_logs(const std::string& log_directory, const std::string& sandbox);

}  // namespace nemoclaw::ctl
