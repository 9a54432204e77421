#include "runtime/base/log.h"

#include <time.h>

#include <chrono>

#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::log {

namespace {

struct State {
  Options options;
  Fd file;
};

State& state() {
  static State instance;
  return instance;
}

const char* level_name(Level level) {
  switch (level) {
    case Level::Debug: return "debug";
    case Level::Info: return "info";
    case Level::Warning: return "warning";
    case Level::Error: return "error";
  }
  return "error";
}

}  // namespace

std::string now_rfc3339() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return rfc3339(now);
}

// Not with gmtime_r(3): that reads /etc/localtime, which has no part in the answer.
std::string rfc3339(const timespec& time) {
  const std::chrono::sys_seconds instant{std::chrono::seconds{time.tv_sec}};
  const auto midnight = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::hh_mm_ss clock{instant - midnight};
  return format("%04d-%02u-%02uT%02d:%02d:%02d.%09ldZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), time.tv_nsec);
}

Result<void> configure(const Options& options) {
  state().options = options;
  if (options.file.empty()) return {};
  state().file = TRY_CONTEXT(open_file(options.file, O_WRONLY | O_APPEND | O_CREAT, 0600), "--log");
  return {};
}

bool debug_enabled() { return state().options.debug; }

std::string record(Format format, Level level, std::string_view message, std::string_view time_rfc3339) {
  if (format == Format::Json) {
    json::Writer writer;
    writer.begin_object().member("level", level_name(level)).member("msg", message).member("time", time_rfc3339).end_object();
    return writer.take();
  }
  std::string line = "time=";
  line += json::quote(time_rfc3339);
  line.append(" level=").append(level_name(level)).append(" msg=").append(json::quote(message));
  return line;
}

void write(Level level, std::string_view message) {
  const Options& options = state().options;
  if (level == Level::Debug && !options.debug) return;
  if (state().file.valid())
    // Nothing sensible is left to do when the log itself cannot be written.
    static_cast<void>(write_all(state().file, record(options.format, level, message, now_rfc3339()) + "\n"));
  const bool to_stderr = level == Level::Error || level == Level::Warning || !state().file.valid();
  if (!to_stderr) return;
  std::string line = level == Level::Error ? "" : std::string(level_name(level)) + ": ";
  line.append(message).append("\n");
  // For developers and their tools: the form in which runc writes it.
  if (level == Level::Debug) line = record(Format::Text, level, message, now_rfc3339()) + "\n";
  static_cast<void>(write_all(FdRef(2), line));
}

}  // namespace nemoclaw::log
