#include "runtime/base/log.h"

#include <time.h>

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
  tm parts;
  gmtime_r(&now.tv_sec, &parts);
  char text[40];
  const size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return std::string(text, length) + format(".%09ldZ", now.tv_nsec);
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
  static_cast<void>(write_all(FdRef(2), line));
}

}  // namespace nemoclaw::log
