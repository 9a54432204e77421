#include "ctl/dispatch.h"

#include <algorithm>
#include <cstdio>

#include "nemoclaw_version.h"
#include "policy/parse/diagnostics.h"
#include "runtime/base/error.h"

namespace nemoclaw::ctl {
namespace {

const Command* find(const std::vector<Command>& commands, const std::string& group, const std::string& name) {
  const auto found = std::find_if(commands.begin(), commands.end(), [&](const Command& command) {
    return group == command.group && name == command.name;
  });
  return found == commands.end() ? nullptr : &*found;
}

bool is_help(const std::string& word) { return word == "--help" || word == "-h" || word == "help"; }

std::vector<Command> group_of(const std::vector<Command>& commands, const std::string& group) {
  std::vector<Command> members;
  for (const Command& command : commands)
    if (group == command.group) members.push_back(command);
  return members;
}

int unknown(const std::vector<Command>& commands, const std::vector<std::string>& args) {
  std::string asked = quoted(args[0], 64);
  if (args.size() > 1 && !group_of(commands, args[0]).empty()) asked = quoted(args[0] + " " + args[1], 64);
  std::fprintf(stderr, "nemoclawctl: unknown command %s%s\n", asked.c_str(),
               suggestion(commands, args).c_str());
  std::fputs("run 'nemoclawctl --help' for the list\n", stderr);
  return kExitUsage;
}

}  // namespace

std::string command_name(const Command& command) {
  return *command.name ? std::string(command.group) + " " + command.name : std::string(command.group);
}

std::string overview(const std::vector<Command>& commands) {
  size_t width = 0;
  for (const Command& command : commands) width = std::max(width, command_name(command).size());
  std::string text = "usage: nemoclawctl COMMAND [ARGUMENTS]\n\n";
  const char* group = "";
  for (const Command& command : commands) {
    if (std::string_view(group) != command.group && *group) text += "\n";
    group = command.group;
    const std::string name = command_name(command);
    text += "  " + name + std::string(width + 2 - name.size(), ' ') + command.summary + "\n";
  }
  text +=
      "\nEvery command answers --help. Exit codes: 0 fine, 1 the answer is no, 2 bad use or unreadable "
      "file.\n";
  return text;
}

std::string suggestion(const std::vector<Command>& commands, const std::vector<std::string>& args) {
  std::vector<std::string> names;
  for (const Command& command : commands) {
    names.push_back(command_name(command));
    names.push_back(command.group);
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  std::string nearest;
  if (args.size() > 1) nearest = policy::nearest_word(args[0] + " " + args[1], candidates);
  if (nearest.empty()) nearest = policy::nearest_word(args[0], candidates);
  // "check FILE": somebody left out the group.
  for (const Command& command : commands)
    if (nearest.empty() && args[0] == command.name) nearest = command_name(command);
  return nearest.empty() ? std::string() : "; did you mean '" + nearest + "'?";
}

int dispatch(const std::vector<Command>& commands, const std::vector<std::string>& args) {
  if (args.empty()) {
    std::fputs(overview(commands).c_str(), stderr);
    return kExitUsage;
  }
  if (is_help(args[0])) {
    std::fputs(overview(commands).c_str(), stdout);
    return kExitFine;
  }
  if (args[0] == "--version" || args[0] == "version") {
    std::printf("nemoclawctl %s (commit %s)\n", NEMOCLAW_VERSION, NEMOCLAW_COMMIT);
    return kExitFine;
  }
  const auto members = group_of(commands, args[0]);
  if (members.empty()) return unknown(commands, args);
  if (args.size() > 1)
    if (const Command* command = find(members, args[0], args[1]); command && *command->name)
      return command->run({args.begin() + 2, args.end()});
  if (const Command* command = find(members, args[0], ""))
    return command->run({args.begin() + 1, args.end()});
  if (args.size() > 1 && !is_help(args[1])) return unknown(commands, args);
  std::fputs(overview(members).c_str(), args.size() > 1 ? stdout : stderr);
  return args.size() > 1 ? kExitFine : kExitUsage;
}

}  // namespace nemoclaw::ctl
