// One verb of the command line: its words for --help, its options and the function that does it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/cli/options.h"
#include "runtime/container/state_store.h"

namespace nemoclaw::cli {

// The options that stand before the verb, decoded.
struct Globals {
  std::string root;                   // absolute
  std::optional<std::string> policy;  // --policy FILE|NAME|none
  std::optional<std::string> config;  // --config FILE, absolute
  std::string criu;                   // --criu PATH, empty: criu from PATH
  std::string log_file;
  bool json_log = false;
  bool debug = false;
  bool systemd_cgroup = false;
  bool rootless = false;

  container::StateStore store() const { return container::StateStore(root); }
};

struct Verb {
  std::string_view name;
  std::string_view arguments;  // "<container-id> [signal]"
  std::string_view summary;
  std::span<const Option> options;
  int arguments_min, arguments_max;  // max -1: any number
  Order order;
  // The value is the program's exit code.
  Result<int> (*run)(const Globals& globals, const Arguments& arguments);
};

// Each in its own file, verb_<name>.cc.
extern const Verb kCreate, kRun, kStart, kState, kKill, kDelete, kExec, kList, kPs, kPause, kResume, kUpdate,
    kEvents, kSpec, kFeatures, kPlan, kCheckpoint, kRestore;

std::span<const Verb* const> all_verbs();
const Verb* find_verb(std::string_view name);

// To stdout; the only thing that verbs print there.
Result<void> print(std::string_view text);

}  // namespace nemoclaw::cli
