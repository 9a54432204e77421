// nemoclawctl secret set | list | rm
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "ctl/command.h"
#include "ctl/printable.h"
#include "policy/model/credential.h"
#include "policy/select/secret_store.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"

namespace nemoclaw::ctl {
namespace {

const std::vector<OptionRow> kSetRows = {{"config", "FILE", "node configuration"},
                                         {"help,h", nullptr, "this text"}};
const std::vector<OptionRow> kListRows = {{"config", "FILE", "node configuration"},
                                          {"format", "text|json", "how to print"},
                                          {"help,h", nullptr, "this text"}};

struct Secret {
  const char* name;
  const char* usage;
  const char* about;
  const std::vector<OptionRow>* rows;
  size_t words;
  Result<int> (*run)(const Options& options, const policy::NodeConfig& config);
};

// Shows nothing of what is typed.
Result<std::string> ask_for_value(const std::string& name) {
  termios before = {};
  if (tcgetattr(STDIN_FILENO, &before) != 0) return errno_error("the terminal");
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  std::fprintf(stderr, "value of %s: ", name.c_str());
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  char line[4096] = {};
  const bool typed = std::fgets(line, sizeof line, stdin) != nullptr;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::fputs("\n", stderr);
  std::string value(line);
  explicit_bzero(line, sizeof line);
  if (!typed) return make_error("nothing was typed");
  return value;
}

Result<int> set(const Options& options, const policy::NodeConfig& config) {
  const std::string& name = options.words()[0];
  if (!policy::is_secret_name(name))
    return make_error(quoted(name, 80) + " is no name of a secret: letters, digits, '-' and '_', at most 64");
  std::string value =
      isatty(STDIN_FILENO)
          ? TRY(ask_for_value(name))
          : TRY_CONTEXT(read_all(FdRef(STDIN_FILENO), policy::kSecretBytesMax + 2), "standard input");
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
  const Result<void> done = policy::set_secret(config, name, value);
  explicit_bzero(value.data(), value.size());
  TRY(done);
  std::printf("%s\n", policy::placeholder_for(name).c_str());
  return kExitFine;
}

void write_json(const std::vector<policy::StoredSecret>& secrets) {
  json::Writer writer(true);
  writer.begin_array();
  for (const policy::StoredSecret& each : secrets)
    writer.begin_object()
        .member("name", each.name)
        .member("directory", each.directory)
        .member("bytes", static_cast<uint64_t>(each.bytes))
        .member("changed", static_cast<uint64_t>(each.changed))
        .member("problem", each.problem)
        .end_object();
  std::printf("%s\n", writer.end_array().take().c_str());
}

Result<int> list(const Options& options, const policy::NodeConfig& config) {
  const bool json = TRY(options.wants_json());
  const std::vector<policy::StoredSecret> secrets = TRY(policy::list_secrets(config));
  if (json) {
    write_json(secrets);
    return kExitFine;
  }
  std::printf("%-32s  %-20s  %s\n", "NAME", "CHANGED", "WHERE");
  for (const policy::StoredSecret& each : secrets) {
    char when[32] = {};
    tm parts = {};
    std::strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&each.changed, &parts));
    std::printf("%-32s  %-20s  %s%s\n", each.name.c_str(), when, printable(each.directory, 200).c_str(),
                each.problem.empty() ? "" : printable(", unusable: " + each.problem, 200).c_str());
  }
  return kExitFine;
}

Result<int> remove(const Options& options, const policy::NodeConfig& config) {
  TRY(policy::remove_secret(config, options.words()[0]));
  return kExitFine;
}

const Secret kSecrets[] = {
    {"set", "nemoclawctl secret set NAME <FILE",
     "Stores a secret of the node, or replaces it; running sandboxes use the new one from their next request "
     "on.\n"
     "The value comes from standard input or is asked for, without its line end; it is never an argument, "
     "which\n"
     "every user of the node could read. Prints the placeholder that sandboxes get.",
     &kSetRows, 1, set},
    {"list", "nemoclawctl secret list", "The names of the node's secrets, and where they are.", &kListRows, 0,
     list},
    {"rm", "nemoclawctl secret rm NAME", "Removes a secret. Requests that need it are refused from then on.",
     &kSetRows, 1, remove},
};

int usage_error(const Secret& command, const std::string& message) {
  std::fprintf(stderr, "nemoclawctl secret %s: %s\n", command.name, message.c_str());
  return kExitUsage;
}

template <size_t index>
int run(const std::vector<std::string>& args) {
  const Secret& command = kSecrets[index];
  const Result<Options> options = Options::parse(args, *command.rows);
  if (!options) return usage_error(command, options.error().message);
  if (options->has("help")) {
    std::fputs(help_text(command.usage, command.about, *command.rows).c_str(), stdout);
    return kExitFine;
  }
  if (options->words().size() != command.words)
    return usage_error(command, command.words == 0    ? "takes no words"
                                : command.run == set ? "name one secret; its value is read from standard input"
                                                     : "name one secret");
  if (geteuid() != 0) return usage_error(command, "the node's secrets are for root alone");
  const Result<policy::NodeConfig> config = policy::load_node_config(options->value("config"));
  if (!config) return usage_error(command, config.error().message);
  const Result<int> done = command.run(*options, *config);
  return done ? *done : usage_error(command, done.error().message);
}

}  // namespace

const std::vector<Command>& secret_commands() {
  static const std::vector<Command> commands = {
      {"secret", "set", "store a secret that sandboxes use without seeing it", run<0>, kSetRows, Words::None},
      {"secret", "list", "the names of the node's secrets", run<1>, kListRows, Words::None},
      {"secret", "rm", "remove a secret", run<2>, kSetRows, Words::None},
  };
  return commands;
}

}  // namespace nemoclaw::ctl
