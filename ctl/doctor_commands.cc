// nemoclawctl doctor
#include <algorithm>
#include <cstdio>

#include "ctl/command.h"
#include "ctl/doctor.h"
#include "ctl/options.h"
#include "ctl/printable.h"

namespace nemoclaw::ctl {
namespace {

const std::vector<OptionRow> kRows = {{"format", "text|json", "how to print it"},
                                      {"config", "FILE", "the node's configuration"},
                                      {"help,h", nullptr, "show this help"}};

void append(Checks& all, Checks more) { all.insert(all.end(), more.begin(), more.end()); }

Checks check_node(const std::optional<std::string>& config_file) {
  const Result<policy::NodeConfig> loaded = policy::load_node_config(config_file);
  const policy::NodeConfig config = loaded ? *loaded : policy::NodeConfig{};
  Checks checks = check_kernel(config);
  append(checks, check_network());
  append(checks, check_programs(config));
  if (!loaded)
    checks.push_back({"policies", "configuration", Finding::Missing, printable(loaded.error().message, 1024),
                      "correct the file"});
  append(checks, check_policies(config));
  append(checks, check_managers());
  // The fence is the programs' trial but the kernel's business.
  std::stable_sort(checks.begin(), checks.end(), [](const Check& a, const Check& b) {
    return (a.group == "kernel") > (b.group == "kernel");
  });
  return checks;
}

int run_doctor(const std::vector<std::string>& args) {
  const Result<Options> options = Options::parse(args, kRows);
  const Result<bool> as_json = options ? options->wants_json() : Result<bool>(options.error());
  if (!as_json || !options->words().empty()) {
    std::fprintf(stderr, "nemoclawctl: %s\n",
                 as_json ? "doctor takes no arguments" : as_json.error().message.c_str());
    return kExitUsage;
  }
  if (options->has("help")) {
    std::fputs(help_text("nemoclawctl doctor [--format text|json]",
                         "Tries what sandboxes need on this node. Exit code 0: everything that is needed is "
                         "there; 1: something "
                         "is missing.",
                         kRows)
                   .c_str(),
               stdout);
    return kExitFine;
  }
  const Checks checks = check_node(options->value("config"));
  json::Writer writer(true);
  write_checks(writer, checks);
  std::fputs((*as_json ? writer.take() + "\n" : render_checks(checks)).c_str(), stdout);
  return all_needed_is_there(checks) ? kExitFine : kExitNo;
}

}  // namespace

const std::vector<Command>& doctor_commands() {
  static const std::vector<Command> commands = {
      {"doctor", "", "try what sandboxes need on this node", run_doctor, kRows},
  };
  return commands;
}

}  // namespace nemoclaw::ctl
