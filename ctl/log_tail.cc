#include "ctl/log_tail.h"

#include <sys/stat.h>
#include <unistd.h>

#include "ctl/sandboxes.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {

Result<void> LogTail::drain(const std::function<void(const std::string&)>& on_line) {
  char bytes[65536];
  std::string line;
  for (;;) {
    const ssize_t length = read(fd_.raw(), bytes, sizeof bytes);
    if (length < 0) return errno_error("read " + file_);
    if (length == 0) return {};
    lines_.append({bytes, static_cast<size_t>(length)});
    while (lines_.next(line)) on_line(line);
  }
}

bool LogTail::replaced() const {
  struct stat open_file_info {
  }, named{};
  if (fstat(fd_.raw(), &open_file_info) != 0 || stat(file_.c_str(), &named) != 0) return false;
  return open_file_info.st_ino != named.st_ino || open_file_info.st_dev != named.st_dev;
}

Result<void> LogTail::read_new(const std::function<void(const std::string&)>& on_line) {
  if (fd_.valid()) {
    // Asked before the last read: what is written between the two is still found.
    const bool rotated = replaced();
    TRY(drain(on_line));
    if (!rotated) return {};
    fd_.reset();
  }
  Result<Fd> opened = open_file(file_, O_RDONLY | O_NOFOLLOW);
  if (!opened) return opened.error().errno_value == ENOENT ? Result<void>() : std::move(opened).error();
  fd_ = std::move(*opened);
  return drain(on_line);
}

Result<std::vector<LogFile>> find_logs(const std::string& log_directory, const std::string& sandbox) {
  std::vector<LogFile> logs;
  const Result<std::vector<std::string>> names = list_directory(log_directory);
  if (!names && names.error().errno_value != ENOENT) return names.error();
  std::vector<std::string> known;
  for (const std::string& name : names ? *names : std::vector<std::string>())
    if (file_exists(log_directory + "/" + name + "/audit.jsonl")) known.push_back(name);
  if (!sandbox.empty()) known = {TRY(resolve_name(known, sandbox))};
  for (const std::string& name : known) logs.push_back({name, log_directory + "/" + name + "/audit.jsonl"});
  return logs;
}

}  // namespace nemoclaw::ctl
