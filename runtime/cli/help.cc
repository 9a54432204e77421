#include "runtime/cli/help.h"

#include <seccomp.h>

#include <algorithm>

#include "nemoclaw_version.h"

namespace nemoclaw::cli {

namespace {

constexpr Option kGlobalOptions[] = {
    {"root", 0, Takes::Value,
     "directory for the state of containers (default: /run/nemoclaw, or nemoclaw below XDG_RUNTIME_DIR when "
     "rootless)"},
    {"log", 0, Takes::Value, "file that gets log records (default: stderr only)"},
    {"log-format", 0, Takes::Value, "text (default) or json"},
    {"log-level", 0, Takes::Value, "error, warning, info (default) or debug"},
    {"debug", 0, Takes::Nothing, "log debug records too"},
    {"systemd-cgroup", 0, Takes::Nothing, "cgroupsPath has systemd's form slice:prefix:name"},
    {"cgroup-manager", 0, Takes::Value, "cgroupfs (default) or systemd, the same as --systemd-cgroup"},
    {"rootless", 0, Takes::Value, "auto (default), true or false"},
    {"policy", 0, Takes::Value, "policy for new containers: a file, the name of an installed one, or none"},
    {"config", 0, Takes::Value, "node configuration (default: /etc/nemoclaw/config.yaml)"},
    {"criu", 0, Takes::Value, "criu program for checkpoint and restore (default: criu from PATH)"},
    {"help", 'h', Takes::Nothing, "show help"},
    {"version", 'v', Takes::Nothing, "print the version"},
};

std::string spelled(const Option& option) {
  std::string text = "--" + std::string(option.name);
  if (option.takes != Takes::Nothing) text += " value";
  if (option.letter) {
    text += std::string(", -") + option.letter;
    if (option.takes != Takes::Nothing) text += " value";
  }
  return text;
}

void append_options(std::string& text, std::span<const Option> options) {
  size_t width = 0;
  for (const Option& option : options) width = std::max(width, spelled(option).size());
  for (const Option& option : options) {
    const std::string left = spelled(option);
    text.append("   ").append(left).append(width + 2 - left.size(), ' ').append(option.help).append("\n");
  }
}

}  // namespace

std::span<const Option> global_options() { return kGlobalOptions; }

std::string program_help() {
  std::string text = "NAME:\n   ";
  text.append(kProgram).append(
      " - Open Container Initiative runtime for policy-confined containers\n\nUSAGE:\n   ");
  text.append(kProgram).append(" [global options] command [command options] [arguments...]\n\nVERSION:\n   ");
  text.append(NEMOCLAW_VERSION).append("\n\nCOMMANDS:\n");
  for (const Verb* verb : all_verbs()) {
    text.append("   ").append(verb->name).append(12 - std::min<size_t>(11, verb->name.size()), ' ');
    text.append(verb->summary).append("\n");
  }
  text.append("   help, h     show the commands, or help for one command\n\nGLOBAL OPTIONS:\n");
  append_options(text, kGlobalOptions);
  return text;
}

std::string verb_help(const Verb& verb) {
  std::string text = "NAME:\n   ";
  text.append(kProgram)
      .append(" ")
      .append(verb.name)
      .append(" - ")
      .append(verb.summary)
      .append("\n\nUSAGE:\n   ");
  text.append(kProgram).append(" ").append(verb.name);
  if (!verb.options.empty()) text.append(" [command options]");
  text.append(" ").append(verb.arguments).append("\n");
  if (!verb.options.empty()) {
    text.append("\nOPTIONS:\n");
    append_options(text, verb.options);
  }
  return text;
}

std::string version_text() {
  return format("%s version %s\ncommit: %s\nspec: %s\nlibseccomp: %d.%d.%d\n", kProgram, NEMOCLAW_VERSION,
                NEMOCLAW_COMMIT, kSpecVersion, SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO);
}

}  // namespace nemoclaw::cli
