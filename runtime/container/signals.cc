#include "runtime/container/signals.h"

#include <signal.h>
#include <strings.h>

#include <charconv>

namespace nemoclaw::container {

namespace {

constexpr int kSignalMax = 64;  // the kernel's _NSIG on every architecture we build for

struct Name {
  const char* name;
  int number;
};

// Spelled out, not sigabbrev_np(): the aliases are needed too.
constexpr Name kNames[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT},     {"ILL", SIGILL},   {"TRAP", SIGTRAP},
    {"ABRT", SIGABRT}, {"IOT", SIGABRT},  {"BUS", SIGBUS},       {"FPE", SIGFPE},   {"KILL", SIGKILL},
    {"USR1", SIGUSR1}, {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},     {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},
    {"TERM", SIGTERM}, {"STKFLT", 16},    {"CHLD", SIGCHLD},     {"CLD", SIGCHLD},  {"CONT", SIGCONT},
    {"STOP", SIGSTOP}, {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU}, {"URG", SIGURG},
    {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
    {"IO", SIGIO},     {"POLL", SIGIO},   {"PWR", SIGPWR},       {"SYS", SIGSYS},
};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool parse_number(std::string_view text, int& number) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size();
}

// glibc keeps the kernel's 32 and 33 for itself, but a container's libc need not: RTMIN is 34 for everyone
// who types it.
int real_time_signal(std::string_view name) {
  constexpr int kFirst = 34;
  int offset = 0;
  const auto after = [&](std::string_view prefix) { return name.substr(prefix.size()); };
  if (name.size() >= 5 && equal_ignoring_case(name.substr(0, 5), "RTMIN")) {
    const std::string_view rest = after("RTMIN");
    if (rest.empty()) return kFirst;
    if (rest[0] == '+' && parse_number(rest.substr(1), offset) && offset >= 0) return kFirst + offset;
  } else if (name.size() >= 5 && equal_ignoring_case(name.substr(0, 5), "RTMAX")) {
    const std::string_view rest = after("RTMAX");
    if (rest.empty()) return kSignalMax;
    if (rest[0] == '-' && parse_number(rest, offset) && offset <= 0 && offset >= kFirst - kSignalMax)
      return kSignalMax + offset;
  }
  return 0;
}

}  // namespace

Result<int> parse_signal(std::string_view text) {
  int number = 0;
  if (parse_number(text, number)) {
    if (number >= 0 && number <= kSignalMax) return number;  // 0 only asks whether the process is there
  } else {
    std::string_view name = text;
    if (name.size() > 3 && equal_ignoring_case(name.substr(0, 3), "SIG")) name.remove_prefix(3);
    for (const Name& known : kNames)
      if (equal_ignoring_case(name, known.name)) return known.number;
    number = real_time_signal(name);
    if (number >= 1 && number <= kSignalMax) return number;
  }
  return make_error("unknown signal " + quoted(text) +
                    ": use a name such as TERM or SIGKILL, or a number from 0 to 64");
}

}  // namespace nemoclaw::container
