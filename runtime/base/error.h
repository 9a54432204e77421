// The one error type of the project: what failed, with the errno that caused it and the chain of what was being
// attempted, outermost first: "create 'web': mount '/proc': mount_setattr: Operation not permitted".
#pragma once

#include <string>
#include <string_view>

namespace nemoclaw {

struct Error {
  int errno_value = 0;   // errno(3) of the cause; 0 when the cause is not a system call
  std::string message;   // one line, no trailing newline
  int exit_code = 1;     // what a program that stops on this error exits with

  // Knowledge is added from the inside out: "context: message".
  Error with_context(std::string_view context) &&;
};

// A failure that no system call caused.
Error make_error(std::string message);
// "what: strerror(errno_value)".
Error errno_error(std::string_view what, int errno_value);
// The same with the calling thread's errno; call it before anything that may change errno.
Error errno_error(std::string_view what);

// printf-style text for messages; never fails.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

// 'text' with control bytes and non-ASCII shown as \xNN, cut at `bytes_max`: foreign bytes in a message cannot forge
// lines or terminal escapes.
std::string quoted(std::string_view text, size_t bytes_max = 256);

}  // namespace nemoclaw
