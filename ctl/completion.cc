#include "ctl/completion.h"

#include <algorithm>

#include "ctl/dispatch.h"

namespace nemoclaw::ctl {
namespace {

std::string long_option(const OptionRow& row) {
  const std::string_view name = row.name;
  return "--" + std::string(name.substr(0, name.find(',')));
}

// "text|json" -> "text json"; "" if the argument is not one of several words.
std::string choices_of(const OptionRow& row) {
  std::string choices = row.argument ? row.argument : "";
  if (choices.find('|') == std::string::npos) return {};
  std::replace(choices.begin(), choices.end(), '|', ' ');
  return choices;
}

bool names(const OptionRow& row, std::string_view argument) {
  return row.argument && std::string_view(row.argument) == argument;
}

std::vector<std::string> groups_of(const std::vector<Command>& commands) {
  std::vector<std::string> groups;
  for (const Command& command : commands)
    if (groups.empty() || groups.back() != command.group) groups.push_back(command.group);
  return groups;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> members_of(const std::vector<Command>& commands, const std::string& group) {
  std::vector<std::string> members;
  for (const Command& command : commands)
    if (group == command.group && *command.name) members.emplace_back(command.name);
  return members;
}

// What a shell asks the program itself.
constexpr const char* kPolicyNames =
    "nemoclawctl policy list 2>/dev/null | awk '$2 == \"policy\" || $2 == \"preset\" {print $1}'";
constexpr const char* kSandboxNames = "nemoclawctl sandbox list 2>/dev/null | awk 'NR > 1 {print $1}'";

// Words that bash offers for the command's own words.
std::string bash_words(Words words) {
  const auto offer = [](const std::string& list) { return "words=\"" + list + "\""; };
  switch (words) {
    case Words::None:
      return "files=";
    case Words::Files:
    case Words::FileAndUrl:
      return "files=-f";
    case Words::PolicyNames:
    case Words::FileAndPresets:
      return offer("$(" + std::string(kPolicyNames) + ")") + " files=-f";
    case Words::Sandboxes:
      return offer("$(" + std::string(kSandboxNames) + ")");
    case Words::Shells:
      return offer("bash zsh");
  }
  return {};
}

std::string bash_option_values(const Command& command) {
  std::string text;
  for (const OptionRow& row : command.options) {
    if (!row.argument) continue;
    const std::string choices = choices_of(row);
    const std::string what = !choices.empty()     ? "-W \"" + choices + "\""
                             : names(row, "FILE") ? "-f"
                             : names(row, "DIR")  ? "-d"
                                                  : "";
    text += "        " + long_option(row) + ") " +
            (what.empty() ? "" : "COMPREPLY=($(compgen " + what + " -- \"$current\")); ") + "return ;;\n";
  }
  return text.empty() ? "" : "      case $previous in\n" + text + "      esac\n";
}

std::string bash_case(const Command& command) {
  std::vector<std::string> options;
  for (const OptionRow& row : command.options) options.push_back(long_option(row));
  return "    '" + command_name(command) + "')\n" + bash_option_values(command) + "      options=\"" +
         join(options) + "\" " + bash_words(command.words) + " ;;\n";
}

// For zsh's _arguments and _describe: within single quotes.
std::string zsh_text(std::string_view text, bool brackets) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else if (c == ':' || (brackets && (c == '[' || c == ']')))
      out += std::string("\\") + c;
    else
      out += c;
  }
  return out;
}

std::string zsh_option(const OptionRow& row) {
  std::string text = "'*" + long_option(row) + "[" + zsh_text(row.summary, true) + "]";
  if (row.argument) {
    const std::string choices = choices_of(row);
    const std::string values = !choices.empty()     ? "(" + choices + ")"
                               : names(row, "FILE") ? "_files"
                               : names(row, "DIR")  ? "_files -/"
                                                    : "";
    const std::string argument = choices.empty() ? row.argument : "format";
    text += ":" + zsh_text(argument, false) + ":" + values;
  }
  return text + "'";
}

const char* zsh_words(Words words) {
  switch (words) {
    case Words::None:
      return "";
    case Words::Files:
    case Words::FileAndUrl:
      return " '*:file:_files'";
    case Words::PolicyNames:
    case Words::FileAndPresets:
      return " '*:policy:_nemoclawctl_policies'";
    case Words::Sandboxes:
      return " '*:sandbox:_nemoclawctl_sandboxes'";
    case Words::Shells:
      return " ':shell:(bash zsh)'";
  }
  return "";
}

std::string zsh_case(const Command& command) {
  std::string text = "    '" + command_name(command) + "')\n      _arguments -s";
  for (const OptionRow& row : command.options) text += " \\\n        " + zsh_option(row);
  const std::string words = zsh_words(command.words);
  return text + (words.empty() ? "" : " \\\n       " + words) + " ;;\n";
}

// "policy:..." entries of one level.
std::string zsh_entry(const std::string& name, const std::string& summary) {
  return " '" + name + ":" + zsh_text(summary, false) + "'";
}

}  // namespace

std::string bash_completion(const std::vector<Command>& commands) {
  std::string cases, groups;
  for (const std::string& group : groups_of(commands)) {
    const auto members = members_of(commands, group);
    if (members.empty()) continue;
    groups +=
        "    " + group + ")\n      if [ \"$COMP_CWORD\" -eq 2 ]; then\n        COMPREPLY=($(compgen -W \"" +
        join(members) +
        "\" -- \"$current\"))\n        return\n      fi\n      command=\"$command ${COMP_WORDS[2]}\" ;;\n";
  }
  for (const Command& command : commands) cases += bash_case(command);
  return "# Completion of nemoclawctl for bash, written by 'nemoclawctl completion bash'.\n"
         "_nemoclawctl() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
         "  local command=${COMP_WORDS[1]} options='' words='' files=''\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W \"" +
         join(groups_of(commands)) +
         " --help --version\" -- \"$current\"))\n    return\n  fi\n"
         "  case $command in\n" +
         groups + "  esac\n  case $command in\n" + cases +
         "    *) return ;;\n  esac\n"
         "  case $current in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$current\")) ;;\n"
         "    *) COMPREPLY=($(compgen $files -W \"$words\" -- \"$current\")) ;;\n  esac\n}\n"
         "complete -o filenames -F _nemoclawctl nemoclawctl\n";
}

std::string zsh_completion(const std::vector<Command>& commands) {
  std::string first, second, cases;
  for (const std::string& group : groups_of(commands)) {
    const auto members = members_of(commands, group);
    std::string entries;
    for (const Command& command : commands) {
      if (group != command.group) continue;
      if (!*command.name) first += zsh_entry(group, command.summary);
      if (*command.name) entries += " \\\n       " + zsh_entry(command.name, command.summary);
    }
    if (members.empty()) continue;
    first += zsh_entry(group, "commands about a " + group);
    second += "    " + group + ")\n      members=(" + entries +
              ")\n"
              "      if (( CURRENT == 2 )); then _describe command members; return; fi\n"
              "      command=\"$command $words[2]\"; shift words; (( CURRENT-- )) ;;\n";
  }
  for (const Command& command : commands) cases += zsh_case(command);
  return "#compdef nemoclawctl\n# Completion of nemoclawctl for zsh, written by 'nemoclawctl completion "
         "zsh'.\n"
         "_nemoclawctl_policies() {\n  local -a names\n  names=(${(f)\"$(" +
         std::string(kPolicyNames) +
         ")\"})\n  _alternative 'names:policy:compadd -a names' 'files:file:_files'\n}\n"
         "_nemoclawctl_sandboxes() {\n  local -a names\n  names=(${(f)\"$(" +
         kSandboxNames +
         ")\"})\n  compadd -a names\n}\n"
         "_nemoclawctl() {\n  local command\n  local -a groups members\n  groups=(" +
         first +
         ")\n  if (( CURRENT == 2 )); then _describe command groups; return; fi\n"
         "  command=$words[2]; shift words; (( CURRENT-- ))\n"
         "  case $command in\n" +
         second + "  esac\n  case $command in\n" + cases +
         "  esac\n}\n"
         "if [ \"$funcstack[1]\" = _nemoclawctl ]; then _nemoclawctl \"$@\"; else compdef _nemoclawctl "
         "nemoclawctl; fi\n";
}

}  // namespace nemoclaw::ctl
