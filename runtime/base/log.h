// The runtime's log: one line on stderr, and with --log one record that the manager shows to its user. Text or JSON
// ({"level":"error","msg":"...","time":"RFC3339"}), as runc writes them.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw::log {

enum class Level { Debug, Info, Warning, Error };
enum class Format { Text, Json };

struct Options {
  std::string file;  // empty: stderr only
  Format format = Format::Text;
  bool debug = false;
};

// Opens the file (append, created 0600); on failure logging goes on to stderr and the error is returned.
Result<void> configure(const Options& options);

// Debug is dropped unless --debug. With a file set, debug and info go to the file only.
void write(Level level, std::string_view message);
inline void debug(std::string_view message) { write(Level::Debug, message); }
inline void info(std::string_view message) { write(Level::Info, message); }
inline void warning(std::string_view message) { write(Level::Warning, message); }
inline void error(std::string_view message) { write(Level::Error, message); }
bool debug_enabled();

// One record as it is written, without the newline; pure, for tests.
std::string record(Format format, Level level, std::string_view message, std::string_view time_rfc3339);

// The current time, RFC 3339 with nanoseconds, UTC: "2026-01-02T03:04:05.123456789Z".
std::string now_rfc3339();
std::string rfc3339(const timespec& time);

}  // namespace nemoclaw::log
