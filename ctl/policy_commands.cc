#include "ctl/policy_commands.h"

#include <cstdio>

namespace nemoclaw::ctl {
namespace {

// A place in the table for a function of two arguments more than the table knows.
template <const PolicyCommand& (*Which)()>
Command row() {
  const PolicyCommand& command = Which();
  return {"policy",           command.name,
          command.summary,    [](const std::vector<std::string>& args) { return run_policy(Which(), args); },
          command.all_rows(), command.words};
}

// The first of "text|json" is the default.
Result<bool> wants_json(const PolicyCommand& command, const Options& options) {
  const std::string_view formats = command.formats;
  const std::string_view first = formats.substr(0, formats.find('|'));
  const std::string format = options.value("format").value_or(std::string(first));
  if (format == "json") return true;
  if (format == first) return false;
  return make_error("--format is " + std::string(first) + " or json, not " + quoted(format));
}

}  // namespace

std::vector<OptionRow> PolicyCommand::all_rows() const {
  std::vector<OptionRow> all = rows;
  if (takes_config)
    all.push_back({"config", "FILE", "the node's configuration (default: /etc/nemoclaw/config.yaml)"});
  if (*formats) all.push_back({"format", formats, "how to print (default: the first)"});
  all.push_back({"help,h", nullptr, "this text"});
  return all;
}

int run_policy(const PolicyCommand& command, const std::vector<std::string>& args) {
  const std::vector<OptionRow> rows = command.all_rows();
  const auto options = Options::parse(args, rows);
  if (!options) return policy_usage_error(command.name, options.error().message);
  if (options->has("help")) {
    const std::string usage =
        std::string("nemoclawctl policy ") + command.name + (*command.usage ? " " : "") + command.usage;
    std::fputs(help_text(usage, command.about, rows).c_str(), stdout);
    return kExitFine;
  }
  const auto json = wants_json(command, *options);
  if (!json) return policy_usage_error(command.name, json.error().message);
  const size_t words = options->words().size();
  if (words < command.words_min || words > command.words_max)
    return policy_usage_error(command.name, std::string(command.words_wrong) + "; see --help");
  return command.run(*options, *json);
}

const std::vector<Command>& policy_commands() {
  static const std::vector<Command> commands = {
      row<policy_check>(),   row<policy_decide>(),     row<policy_explain>(),       row<policy_list>(),
      row<policy_convert>(), row<policy_show>(),       row<policy_lint>(),          row<policy_diff>(),
      row<policy_test>(),    row<policy_add_preset>(), row<policy_remove_preset>(), row<policy_schema>(),
      row<policy_set>(),     row<policy_get>(),        row<policy_history>(),       row<policy_rollback>(),
  };
  return commands;
}

int policy_usage_error(const char* command, const std::string& message) {
  std::fprintf(stderr, "nemoclawctl policy %s: %s\n", command, message.c_str());
  return kExitUsage;
}

}  // namespace nemoclaw::ctl
