// nemoclawctl sandbox list | inspect | upgrade
#include <cstdio>

#include "ctl/command.h"
#include "ctl/options.h"
#include "ctl/sandbox_upgrade.h"
#include "ctl/sandboxes.h"
#include "policy/select/select.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {
namespace {

const std::vector<OptionRow> kRows = {{"format", "text|json", "how to print it"},
                                      {"all", nullptr, "upgrade: every sandbox of this node"},
                                      {"config", "FILE", "the node's configuration"},
                                      {"help,h", nullptr, "show this help"}};

int fail(const Error& error) {
  std::fprintf(stderr, "nemoclawctl: %s\n", error.message.c_str());
  return kExitUsage;
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

Result<int> list_sandboxes(const Options& options) {
  if (!options.words().empty())
    return make_error("sandbox list takes no arguments; did you mean sandbox inspect?");
  const bool as_json = TRY(options.wants_json());
  const policy::NodeConfig config = TRY(policy::load_node_config(options.value("config")));
  const std::vector<SandboxView> sandboxes = TRY(read_sandboxes(config.run_directory));
  if (!as_json) {
    print(render_sandbox_table(sandboxes));
    return static_cast<int>(kExitFine);
  }
  json::Writer writer(true);
  writer.begin_array();
  for (const SandboxView& view : sandboxes) write_sandbox_json(writer, view);
  writer.end_array();
  print(writer.take() + "\n");
  return static_cast<int>(kExitFine);
}

Result<int> inspect_sandbox(const Options& options) {
  if (options.words().size() != 1) return make_error("sandbox inspect takes one sandbox id");
  const bool as_json = TRY(options.wants_json());
  const policy::NodeConfig config = TRY(policy::load_node_config(options.value("config")));
  const std::vector<std::string> names =
      list_directory(config.run_directory).value_or(std::vector<std::string>());
  const SandboxView view = read_sandbox(config.run_directory, TRY(resolve_name(names, options.words()[0])));
  if (as_json) {
    json::Writer writer(true);
    write_sandbox_json(writer, view);
    print(writer.take() + "\n");
  } else {
    print(render_sandbox_text(view));
  }
  return static_cast<int>(kExitFine);
}

int run_with(const std::vector<std::string>& args, const char* usage, const char* about,
             Result<int> (*command)(const Options&)) {
  const Result<Options> options = Options::parse(args, kRows);
  if (!options) return fail(options.error());
  if (options->has("help")) {
    print(help_text(usage, about, kRows));
    return kExitFine;
  }
  const Result<int> code = command(*options);
  return code ? *code : fail(code.error());
}

int run_list(const std::vector<std::string>& args) {
  return run_with(args, "nemoclawctl sandbox list [--format text|json]",
                  "The sandboxes on this node: policy, state of the proxy, allowed and denied connections, "
                  "creation time.",
                  list_sandboxes);
}

int run_inspect(const std::vector<std::string>& args) {
  return run_with(args, "nemoclawctl sandbox inspect SANDBOX [--format text|json]",
                  "Everything that is known about one sandbox. SANDBOX is its id or the beginning of it.",
                  inspect_sandbox);
}

int run_upgrade(const std::vector<std::string>& args) {
  return run_with(
      args, "nemoclawctl sandbox upgrade SANDBOX | --all",
      "Replaces the running proxy by the programs that are installed now. The sockets are kept; open "
      "connections finish in the old process, for ten minutes at most. One that does not start "
      "changes nothing.",
      upgrade_sandboxes);
}

}  // namespace

const std::vector<Command>& sandbox_commands() {
  static const std::vector<Command> commands = {
      {"sandbox", "list", "list the sandboxes on this node", run_list, kRows},
      {"sandbox", "inspect", "show everything about one sandbox", run_inspect, kRows, Words::Sandboxes},
      {"sandbox", "upgrade", "replace a running proxy by the installed version", run_upgrade, kRows,
       Words::Sandboxes},
  };
  return commands;
}

}  // namespace nemoclaw::ctl
