// nemoclawctl policy add-preset FILE PRESET... and remove-preset FILE PRESET...
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "ctl/command.h"
#include "ctl/line_diff.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "ctl/policy_source.h"
#include "ctl/printable.h"
#include "policy/parse/merge_preset.h"
#include "policy/parse/parse.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

const OptionRow kDryRun = {"dry-run", nullptr, "print the difference and write nothing"};

struct Work {
  const char* command;
  bool add;
  PolicySource policy;
  std::string original;
  std::vector<std::string> entries;  // that were changed
};

// In place of the file that a link leads to, with its mode and owner.
Result<void> write_back(const std::string& file, const std::string& text) {
  char* resolved = realpath(file.c_str(), nullptr);
  if (!resolved) return errno_error(quoted(file));
  const std::string target = resolved;
  free(resolved);
  struct stat status {};
  if (stat(target.c_str(), &status) != 0) return errno_error(quoted(file));
  TRY(write_file_atomic(target, text, status.st_mode & 07777));
  if (chmod(target.c_str(), status.st_mode & 07777) != 0) return errno_error("mode of " + quoted(file));
  if (chown(target.c_str(), status.st_uid, status.st_gid) != 0)
    return errno_error("owner of " + quoted(file));
  return {};
}

// Returns the exit code.
int apply(Work& work, const std::string& word, const Options& options) {
  int code = kExitFine;
  const auto preset = open_policy(work.command, word, options.value("config"), code);
  if (!preset) return code;
  if (!preset->policy.is_preset)
    return policy_usage_error(work.command, preset->file + " is a policy, not a preset");
  const auto change = work.add ? policy::add_preset(work.policy, *preset, options.value("as").value_or(""))
                               : policy::remove_preset(work.policy, *preset);
  if (!change) {
    policy_usage_error(work.command, change.error().message);
    return kExitNo;
  }
  // What the next preset is added to.
  auto outcome = policy::parse_policy(change->text, work.policy.file);
  if (!outcome.policy) return policy_usage_error(work.command, "the result is no valid policy");
  work.policy.text = change->text;
  work.policy.policy = std::move(*outcome.policy);
  work.entries.insert(work.entries.end(), change->entries.begin(), change->entries.end());
  return kExitFine;
}

void print(const Work& work, bool dry_run, bool json) {
  const std::string& file = work.policy.file;
  const bool changed = work.policy.text != work.original;
  if (json) {
    json::Writer writer;
    writer.begin_object().member("file", file).member("changed", changed);
    writer.member("written", changed && !dry_run);
    writer.member(work.add ? "added" : "removed", work.entries);
    writer.member("diff", unified_diff(work.original, work.policy.text, file, false));
    std::printf("%s\n", writer.end_object().take().c_str());
    return;
  }
  if (dry_run)
    std::fputs(unified_diff(work.original, work.policy.text, file, wants_colour(STDOUT_FILENO)).c_str(),
               stdout);
  std::string names;
  for (const std::string& name : work.entries) names += (names.empty() ? "" : ", ") + quoted(name, 64);
  if (!changed)
    std::printf("%s: nothing to change\n", file.c_str());
  else if (!dry_run)
    std::printf("%s: %s %s\n", file.c_str(), work.add ? "added" : "removed", names.c_str());
}

int edit(const PolicyCommand& command, bool add, const Options& options, bool json) {
  const auto& words = options.words();
  if (options.has("as") && words.size() != 2)
    return policy_usage_error(command.name, "--as names the entry of one preset");
  if (options.has("as") && options.value("as")->empty())
    return policy_usage_error(command.name, "--as needs a name");
  int code = kExitFine;
  auto source = open_policy_file(command.name, words[0], code);
  if (!source) return code;
  Work work{command.name, add, std::move(*source), {}, {}};
  work.original = work.policy.text;
  // All presets or none.
  for (size_t i = 1; i < words.size(); ++i)
    if (const int failed = apply(work, words[i], options); failed != kExitFine) return failed;
  const bool dry_run = options.has("dry-run");
  if (!dry_run && work.policy.text != work.original) {
    const auto written = write_back(words[0], work.policy.text);
    if (!written) return policy_usage_error(command.name, written.error().message);
  }
  print(work, dry_run, json);
  return kExitFine;
}

int run_add(const Options& options, bool json) { return edit(policy_add_preset(), true, options, json); }
int run_remove(const Options& options, bool json) {
  return edit(policy_remove_preset(), false, options, json);
}

}  // namespace

const PolicyCommand& policy_add_preset() {
  static const PolicyCommand command = {
      .name = "add-preset",
      .summary = "add a preset's entries to a policy file",
      .usage = "FILE PRESET...",
      .about =
          "Adds the entries of presets (names or files) to a policy's network_policies and leaves the\n"
          "rest of the file as it is. What is there already is not added again.\n"
          "Exit code: 0 done, 1 an entry is in the way or the policy is invalid, 2 unreadable.",
      .rows = {{"as", "NAME", "name of the entry, if the preset's own is taken"}, kDryRun},
      .words = Words::FileAndPresets,
      .words_min = 2,
      .words_max = SIZE_MAX,
      .words_wrong = "name one policy file and at least one preset",
      .takes_config = true,
      .run = run_add};
  return command;
}

const PolicyCommand& policy_remove_preset() {
  static const PolicyCommand command = {
      .name = "remove-preset",
      .summary = "take a preset's entries out of a policy file",
      .usage = "FILE PRESET...",
      .about =
          "Removes the entries of presets (names or files) from a policy. An entry that was changed\n"
          "since it was added is not removed.\n"
          "Exit code: 0 done, 1 an entry was changed or the policy is invalid, 2 unreadable.",
      .rows = {kDryRun},
      .words = Words::FileAndPresets,
      .words_min = 2,
      .words_max = SIZE_MAX,
      .words_wrong = "name one policy file and at least one preset",
      .takes_config = true,
      .run = run_remove};
  return command;
}

}  // namespace nemoclaw::ctl
