// The caller's terminal while it is connected to the container's: raw mode, window size, bytes both ways.
#pragma once

#include <termios.h>

#include <optional>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::container {

// The window size of the caller's terminal, if stdin is one: the container's starts with it, so that a program that asks
// at once gets the right answer.
std::optional<oci::Box> window_of_caller();

// A plain "\n" of the container's stays one: our own terminal adds the carriage return, a pipe must not get any.
Result<void> keep_newlines(FdRef master);

// Copies between our stdin/stdout and a pty's master. The caller's terminal, if stdin is one, is raw for the
// life of the object and restored afterwards, whatever way it ends.
class TerminalProxy {
 public:
  static Result<TerminalProxy> create(Fd master);
  TerminalProxy(TerminalProxy&& other) noexcept;
  TerminalProxy& operator=(TerminalProxy&&) = delete;
  ~TerminalProxy();

  FdRef master() const { return master_; }
  // poll(2) events to wait for on stdin and on the master.
  short stdin_events() const;
  short master_events() const;
  // After poll: moves what is there. Ends quietly at EOF or EIO of either side.
  void on_stdin(short events);
  void on_master(short events);
  bool master_open() const { return master_open_; }
  // Window size of our terminal -> the container's.
  void resize() const;
  // What the container still had to say when it ended.
  void drain();

 private:
  explicit TerminalProxy(Fd master) : master_(std::move(master)) {}

  Fd master_;
  std::optional<termios> saved_;
  std::string pending_;  // read from stdin, not yet taken by the pty
  bool stdin_open_ = true, stdout_open_ = true, master_open_ = true;
};

}  // namespace nemoclaw::container
