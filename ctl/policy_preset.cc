// nemoclawctl policy add-preset FILE|SANDBOX PRESET... and remove-preset FILE|SANDBOX PRESET...
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "ctl/command.h"
#include "ctl/line_diff.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "ctl/policy_set.h"
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

std::string quoted_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + quoted(name, 64);
  return list;
}

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
  if (!changed)
    std::printf("%s: nothing to change\n", file.c_str());
  else if (!dry_run)
    std::printf("%s: %s %s\n", file.c_str(), work.add ? "added" : "removed",
                quoted_names(work.entries).c_str());
}

// All presets or none.
int apply_all(Work& work, const Options& options) {
  for (size_t i = 1; i < options.words().size(); ++i)
    if (const int failed = apply(work, options.words()[i], options); failed != kExitFine) return failed;
  return kExitFine;
}

int edit_file(Work& work, const Options& options, bool json) {
  for (const OptionRow& row : {kReasonRow, kContainerRow})
    if (options.has(row.name))
      return policy_usage_error(work.command,
                                std::string("--") + row.name + " belongs to a sandbox, not to a file");
  int code = kExitFine;
  auto source = open_policy_file(work.command, options.words()[0], code);
  if (!source) return code;
  work.policy = std::move(*source);
  work.original = work.policy.text;
  if (const int failed = apply_all(work, options); failed != kExitFine) return failed;
  const bool dry_run = options.has("dry-run");
  if (!dry_run && work.policy.text != work.original) {
    const auto written = write_back(options.words()[0], work.policy.text);
    if (!written) return policy_usage_error(work.command, written.error().message);
  }
  print(work, dry_run, json);
  return kExitFine;
}

// The text in force, edited as a file is, and put in force as `policy set` does.
int edit_sandbox(Work& work, const Options& options, bool json) {
  const auto policies =
      open_policies(options.words()[0], options.value("container").value_or(""), options.value("config"));
  if (!policies) return policy_usage_error(work.command, policies.error().message);
  const auto known = all_revisions(*policies);
  if (!known) return policy_usage_error(work.command, known.error().message);
  const auto current =
      std::find_if(known->begin(), known->end(), [](const auto& each) { return each.current; });
  if (current == known->end())
    return policy_usage_error(work.command, "no policy of the sandbox is in force");
  auto outcome = policy::parse_policy(current->text, current->name + ".yaml");
  if (!outcome.policy) return policy_usage_error(work.command, "the policy in force cannot be read any more");
  work.policy = {current->name + ".yaml", current->text, std::move(*outcome.policy)};
  work.original = work.policy.text;
  if (const int failed = apply_all(work, options); failed != kExitFine) return failed;
  if (work.policy.text == work.original) {
    print(work, true, json);
    return kExitFine;
  }
  NewPolicy wanted;
  wanted.name = current->name;
  wanted.text = work.policy.text;
  wanted.reason = std::string(work.add ? "added " : "removed ") + quoted_names(work.entries);
  return set_policy(work.command, *policies, options, json, work.policy.policy, std::move(wanted));
}

int edit(const PolicyCommand& command, bool add, const Options& options, bool json) {
  const auto& words = options.words();
  if (options.has("as") && words.size() != 2)
    return policy_usage_error(command.name, "--as names the entry of one preset");
  if (options.has("as") && options.value("as")->empty())
    return policy_usage_error(command.name, "--as needs a name");
  Work work{command.name, add, {}, {}, {}};
  const bool is_file = is_file_name(words[0]) || access(words[0].c_str(), F_OK) == 0;
  return is_file ? edit_file(work, options, json) : edit_sandbox(work, options, json);
}

int run_add(const Options& options, bool json) { return edit(policy_add_preset(), true, options, json); }
int run_remove(const Options& options, bool json) {
  return edit(policy_remove_preset(), false, options, json);
}

}  // namespace

const PolicyCommand& policy_add_preset() {
  static const PolicyCommand command = {
      .name = "add-preset",
      .summary = "add a preset's entries to a policy file, or to a sandbox",
      .usage = "FILE|SANDBOX PRESET...",
      .about =
          "Adds the entries of presets (names or files) to a policy's network_policies and leaves the\n"
          "rest of the file as it is. What is there already is not added again. A word that is no file is a\n"
          "sandbox that runs: its policy is edited in the same way and put in force as by 'policy set'.\n"
          "Exit code: 0 done, 1 an entry is in the way or the policy is invalid, 2 unreadable.",
      .rows = {{"as", "NAME", "name of the entry, if the preset's own is taken"},
               kDryRun,
               kReasonRow,
               kContainerRow},
      .words = Words::FileAndPresets,
      .words_min = 2,
      .words_max = SIZE_MAX,
      .words_wrong = "name one policy file or sandbox, and at least one preset",
      .takes_config = true,
      .run = run_add};
  return command;
}

const PolicyCommand& policy_remove_preset() {
  static const PolicyCommand command = {
      .name = "remove-preset",
      .summary = "take a preset's entries out of a policy file, or of a sandbox",
      .usage = "FILE|SANDBOX PRESET...",
      .about =
          "Removes the entries of presets (names or files) from a policy file, or from the policy of a "
          "sandbox\n"
          "that runs. An entry that was changed since it was added is not removed.\n"
          "Exit code: 0 done, 1 an entry was changed or the policy is invalid, 2 unreadable.",
      .rows = {kDryRun, kReasonRow, kContainerRow},
      .words = Words::FileAndPresets,
      .words_min = 2,
      .words_max = SIZE_MAX,
      .words_wrong = "name one policy file or sandbox, and at least one preset",
      .takes_config = true,
      .run = run_remove};
  return command;
}

}  // namespace nemoclaw::ctl
