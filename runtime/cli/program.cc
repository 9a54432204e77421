#include "runtime/cli/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/cli/help.h"

namespace nemoclaw::cli {

namespace {

constexpr int kUnknownVerb = 3;

constexpr const Verb* kVerbs[] = {&kCheckpoint, &kCreate, &kDelete, &kEvents,  &kExec,   &kFeatures,
                                  &kKill,       &kList,   &kPause,  &kPlan,    &kPs,     &kRestore,
                                  &kResume,     &kRun,    &kSpec,   &kStart,   &kState,  &kUpdate};

// A descriptor that we open must never become somebody's stdin, stdout or stderr.
void fill_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd)
    if (fcntl(fd, F_GETFD) < 0) static_cast<void>(open("/dev/null", O_RDWR));
}

Surroundings read_surroundings() {
  Surroundings found;
  char directory[4096];
  found.working_directory = getcwd(directory, sizeof directory) ? directory : "/";
  const char* xdg = getenv("XDG_RUNTIME_DIR");
  found.xdg_runtime_dir = xdg ? xdg : "";
  found.is_root = geteuid() == 0;
  return found;
}

int fail(const Error& error, int exit_code) {
  log::error(error.message);
  return exit_code;
}

int usage_error(std::string_view verb, const Error& error) {
  std::string message = "incorrect usage: " + error.message + " (see '" + kProgram;
  if (!verb.empty()) message.append(" ").append(verb);
  return fail(make_error(message + " --help')"), exit_code_for_error(verb, true));
}

Result<void> check_count(const Verb& verb, size_t count) {
  const auto minimum = static_cast<size_t>(verb.arguments_min);
  const bool unbounded = verb.arguments_max < 0;
  if (count >= minimum && (unbounded || count <= static_cast<size_t>(verb.arguments_max))) return {};
  const char* bound = verb.arguments_min == verb.arguments_max ? "exactly"
                      : count < minimum                        ? "a minimum of"
                                                               : "a maximum of";
  const int limit = count < minimum ? verb.arguments_min : verb.arguments_max;
  return make_error(format("\"%.*s\" requires %s %d argument(s), got %zu", static_cast<int>(verb.name.size()),
                           verb.name.data(), bound, limit, count));
}

// "--help" and "-h" wherever options may stand.
bool asks_for_help(std::span<const std::string_view> words, Order order) {
  for (std::string_view word : words) {
    if (word == "--" || (order == Order::StopFirst && !word.starts_with('-'))) return false;
    if (word == "--help" || word == "-h" || word == "-help") return true;
  }
  return false;
}

int run_verb(const Globals& globals, const Verb& verb, std::span<const std::string_view> words) {
  if (asks_for_help(words, verb.order)) return print(verb_help(verb)) ? 0 : 1;
  const Result<Arguments> arguments = parse_options(verb.options, words, verb.order);
  if (!arguments) return usage_error(verb.name, arguments.error());
  if (Result<void> counted = check_count(verb, arguments->positional.size()); !counted)
    return usage_error(verb.name, counted.error());
  Result<int> outcome = verb.run(globals, *arguments);
  if (outcome) return *outcome;
  // The words of an exec that failed are known by their beginning: "exec /run.sh: no such file or directory".
  if (outcome.error().message.starts_with("exec /"))
    return fail(outcome.error(), exit_code_for_error(verb.name, false));
  std::string context(verb.name);
  if (!arguments->positional.empty()) context += " " + quoted(arguments->positional[0]);
  return fail(std::move(outcome).error().with_context(context), exit_code_for_error(verb.name, false));
}

int run_help(std::span<const std::string_view> words) {
  if (words.empty()) return print(program_help()) ? 0 : 1;
  if (const Verb* verb = find_verb(words[0])) return print(verb_help(*verb)) ? 0 : 1;
  return fail(make_error("No help topic for " + quoted(words[0])), kUnknownVerb);
}

}  // namespace

std::span<const Verb* const> all_verbs() { return kVerbs; }

const Verb* find_verb(std::string_view name) {
  for (const Verb* verb : kVerbs)
    if (verb->name == name) return verb;
  return nullptr;
}

Result<void> print(std::string_view text) { return write_all(FdRef(STDOUT_FILENO), text); }

int exit_code_for_error(std::string_view verb, bool usage_error) {
  return verb == "exec" && !usage_error ? 255 : 1;
}

Result<Globals> decode_globals(const Arguments& arguments, const Surroundings& surroundings) {
  Globals globals;
  const auto absolute = [&](const std::string& path) {
    return absolute_path(surroundings.working_directory, path);
  };
  const std::string rootless = arguments.value("rootless", "auto");
  if (rootless != "auto" && rootless != "true" && rootless != "false")
    return make_error("--rootless " + quoted(rootless) + ": use auto, true or false");
  globals.rootless = rootless == "true" || (rootless == "auto" && !surroundings.is_root);
  // Podman sets XDG_RUNTIME_DIR to the empty string: that is "not set".
  const bool below_xdg = globals.rootless && !surroundings.is_root && !surroundings.xdg_runtime_dir.empty();
  globals.root = below_xdg ? absolute(surroundings.xdg_runtime_dir + "/nemoclaw") : "/run/nemoclaw";
  if (const std::string root = arguments.value("root"); !root.empty()) globals.root = absolute(root);
  if (arguments.given("policy")) globals.policy = arguments.value("policy");
  if (arguments.given("config")) globals.config = absolute(arguments.value("config"));
  globals.log_file = arguments.value("log");
  globals.criu = arguments.value("criu");
  const std::string log_format = arguments.value("log-format", "text");
  if (log_format != "text" && log_format != "json")
    return make_error("unknown log-format " + quoted(log_format) + ": use text or json");
  globals.json_log = log_format == "json";
  globals.debug = arguments.flag("debug") || arguments.value("log-level") == "debug";
  const std::string manager = arguments.value("cgroup-manager", "cgroupfs");
  if (manager != "cgroupfs" && manager != "systemd")
    return make_error("--cgroup-manager " + quoted(manager) + ": use cgroupfs or systemd");
  globals.systemd_cgroup = arguments.flag("systemd-cgroup") || manager == "systemd";
  return globals;
}

int run_program(std::span<const std::string_view> words) {
  fill_standard_descriptors();
  const Result<Arguments> arguments = parse_options(global_options(), words, Order::StopFirst);
  if (!arguments) return usage_error("", arguments.error());
  const Result<Globals> globals = decode_globals(*arguments, read_surroundings());
  // The log before everything else: whatever goes wrong from here on must be found there by the manager.
  const bool json = arguments->value("log-format") == "json";
  const Result<void> logging = log::configure(
      {arguments->value("log"), json ? log::Format::Json : log::Format::Text, globals && globals->debug});
  if (!logging) return fail(logging.error(), 1);
  if (!globals) return usage_error("", globals.error());
  if (arguments->flag("version")) return print(version_text()) ? 0 : 1;
  if (arguments->flag("help") || arguments->positional.empty()) return run_help({});
  const std::string& name = arguments->positional[0];
  const auto rest = words.subspan(words.size() - arguments->positional.size() + 1);
  if (name == "help" || name == "h") return run_help(rest);
  const Verb* verb = find_verb(name);
  if (!verb)
    return fail(make_error("No help topic for " + quoted(name) + ": unknown command (see '" + kProgram + " --help')"),
                kUnknownVerb);
  return run_verb(*globals, *verb, rest);
}

}  // namespace nemoclaw::cli
