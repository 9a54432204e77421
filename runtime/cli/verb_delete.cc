#include <regex.h>

#include "runtime/base/defer.h"
#include "runtime/cli/verb.h"
#include "runtime/container/lifecycle.h"

namespace nemoclaw::cli {

namespace {

// Every container whose id matches, as crun does; the first error is reported when all have been tried.
Result<void> delete_matching(const container::StateStore& store, const std::string& pattern, bool force) {
  regex_t compiled;
  if (const int code = regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB); code != 0) {
    char why[128];
    regerror(code, &compiled, why, sizeof why);
    return make_error("--regex " + quoted(pattern) + ": " + why);
  }
  Defer release([&] { regfree(&compiled); });
  Result<void> outcome;
  for (const std::string& id : TRY(store.list())) {
    if (regexec(&compiled, id.c_str(), 0, nullptr, 0) != 0) continue;
    Result<void> deleted = container::delete_container(store, id, force);
    if (!deleted && outcome) outcome = std::move(deleted);
  }
  return outcome;
}

Result<int> run(const Globals& globals, const Arguments& arguments) {
  const std::string& id = arguments.positional[0];
  const bool force = arguments.flag("force");
  TRY(arguments.flag("regex") ? delete_matching(globals.store(), id, force)
                              : container::delete_container(globals.store(), id, force));
  return 0;
}

constexpr Option kOptions[] = {
    {"force", 'f', Takes::Nothing,
     "kill the container first if it still runs; one that does not exist is fine"},
    {"regex", 'r', Takes::Nothing, "the argument is an extended regular expression: delete all that match"},
};

}  // namespace

constinit const Verb kDelete = {
    .name = "delete",
    .arguments = "<container-id>",
    .summary = "remove what a stopped or created container holds",
    .options = kOptions,
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
