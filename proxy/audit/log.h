// The audit file of one sandbox: append-only JSON lines, each carrying the hash of the one before, so that a
// change, a cut or a reorder shows.
#pragma once

#include <string>

#include "proxy/audit/event.h"
#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::audit {

std::string sha256_hex(std::string_view data);

class Log {
 public:
  // Takes up the chain where the file ends. A last line that a crash cut off is taken back; repair() says so.
  static Result<Log> open(const std::string& file, Origin origin);
  // The same for a file that is open for reading and appending.
  static Result<Log> take_over(Fd file, Origin origin);
  // What take_over() took back; the caller puts it into the audit.
  const std::optional<Notice>& repair() const { return repair_; }

  // Returns only when the line is in the kernel's hands. An error means that it is not, wholly.
  Result<void> append(const Event& event);
  Result<void> append(const Notice& notice);
  // Another worker writes the file as well: every line is then written under a lock, after what that one
  // wrote.
  void share(bool on);
  bool is_shared() const { return shared_; }
  // Whose lines are written from now on, where they do not say it themselves.
  void set_subject(Subject subject) { origin_.subject = std::move(subject); }
  uint64_t sequence() const { return sequence_; }

 private:
  Log(Fd file, Origin origin) : file_(std::move(file)), origin_(std::move(origin)) {}
  Result<std::string> read_tail() const;
  void take_up(std::string_view tail);
  Result<void> cut_torn_line(std::string& tail);
  template <typename Record>
  Result<void> append_any(const Record& record);
  template <typename Record>
  Result<void> append_next(const Record& record);

  Fd file_;
  Origin origin_;
  std::optional<Notice> repair_;
  uint64_t sequence_ = 0;
  std::string previous_;
  bool shared_ = false;
  bool torn_ = false;  // a write stopped in the middle of a line
};

}  // namespace nemoclaw::audit
