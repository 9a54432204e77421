// nemoclaw-hook start|stop --sandbox-dir DIR, join|leave --sandbox-dir DIR --container ID [--config FILE]:
// called by a runtime as an OCI hook, container state on stdin. On failure it prints one sentence, which the
// manager shows to its user.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "hooks/attach.h"
#include "hooks/check.h"
#include "hooks/hook_input.h"
#include "hooks/join.h"
#include "hooks/start.h"
#include "hooks/stop.h"
#include "nemoclaw_version.h"
#include "runtime/base/file.h"

namespace {

using nemoclaw::Result;
using nemoclaw::hooks::HookOptions;

constexpr std::string_view kUsage =
    "usage: nemoclaw-hook start|stop --sandbox-dir DIR [--config FILE]\n"
    "       nemoclaw-hook join|leave --sandbox-dir DIR --container ID [--config FILE]\n"
    "       nemoclaw-hook attach|detach [--config FILE]   (under another runtime, from a hooks.d file)";

Result<HookOptions> parse_options(int argc, char** argv) {
  HookOptions options;
  for (int at = 2; at < argc; ++at) {
    const std::string_view word = argv[at];
    if ((word != "--sandbox-dir" && word != "--config" && word != "--container") || at + 1 == argc)
      return nemoclaw::make_error("bad argument " + nemoclaw::quoted(word) + "; " + std::string(kUsage));
    const std::string value = argv[++at];
    if (word == "--config")
      options.config_file = value;
    else if (word == "--container")
      options.container = value;
    else
      options.sandbox_directory = value;
  }
  return options;
}

// The hook alone: the sandbox's directory follows from the container's id.
Result<void> run_alone(std::string_view verb, const HookOptions& options) {
  if (!options.sandbox_directory.empty() || options.container)
    return nemoclaw::make_error(std::string(verb) + " takes --config only");
  const std::string text = TRY(nemoclaw::read_all(nemoclaw::FdRef(STDIN_FILENO), size_t{1} << 20));
  const nemoclaw::hooks::HookState state = TRY(nemoclaw::hooks::parse_hook_state(text));
  return verb == "attach" ? nemoclaw::hooks::run_attach(options.config_file, state)
                          : nemoclaw::hooks::run_detach(options.config_file, state);
}

Result<void> run(std::string_view verb, int argc, char** argv) {
  const HookOptions options = TRY(parse_options(argc, argv));
  if (verb == "attach" || verb == "detach") return run_alone(verb, options);
  TRY(nemoclaw::hooks::check_options(options));
  const bool joins = verb == "join" || verb == "leave";
  if (joins != options.container.has_value())
    return nemoclaw::make_error("--container: for join and leave, and for these only");
  if (verb == "leave") return nemoclaw::hooks::run_leave(options);
  if (verb == "stop") return nemoclaw::hooks::run_stop(options);
  const std::string text = TRY(nemoclaw::read_all(nemoclaw::FdRef(STDIN_FILENO), size_t{1} << 20));
  const nemoclaw::hooks::HookState state = TRY(nemoclaw::hooks::parse_hook_state(text));
  return joins ? nemoclaw::hooks::run_join(options, state) : nemoclaw::hooks::run_start(options, state);
}

int check() {
  const Result<std::string> warning = nemoclaw::hooks::run_check();
  if (!warning) {
    std::fprintf(stderr, "nemoclaw-hook check: %s\n", warning.error().message.c_str());
    return 1;
  }
  std::printf("proven%s%s\n", warning->empty() ? "" : "; ", warning->c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "--version") {
    std::printf("nemoclaw-hook %s\n", NEMOCLAW_VERSION);
    return 0;
  }
  if (verb == "check") return check();
  constexpr std::string_view kVerbs[] = {"start", "stop", "join", "leave", "attach", "detach"};
  if (std::find(std::begin(kVerbs), std::end(kVerbs), verb) == std::end(kVerbs)) {
    std::fprintf(stderr, "%s\n", std::string(kUsage).c_str());
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);  // a manager that closed its end must not kill the undo
  const Result<void> done = run(verb, argc, argv);
  if (done) return 0;
  std::fprintf(stderr, "nemoclaw-hook %s: %s\n", std::string(verb).c_str(), done.error().message.c_str());
  return done.error().exit_code == 0 ? 1 : done.error().exit_code;
}
