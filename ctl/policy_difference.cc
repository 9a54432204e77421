#include "ctl/policy_difference.h"

#include <algorithm>

#include "policy/model/words.h"
#include "runtime/base/path.h"

namespace nemoclaw::ctl {
namespace {

using policy::Path;

bool lies_in(const std::string& path, const std::vector<Path>& list) {
  return std::any_of(list.begin(), list.end(),
                     [&](const Path& each) { return path == each.path || path_is_below(path, each.path); });
}

// What only `mine` lets a process read or write.
void add_files(const policy::FilesystemPolicy& mine, const policy::FilesystemPolicy& theirs,
               std::vector<Change>& out) {
  for (const Path& path : mine.read_write)
    if (!lies_in(path.path, theirs.read_write)) out.push_back({"files", "writing " + path.path});
  for (const Path& path : mine.read_only)
    if (!lies_in(path.path, theirs.read_only) && !lies_in(path.path, theirs.read_write))
      out.push_back({"files", "reading " + path.path});
  for (const Path& path : theirs.no_access)
    if (!lies_in(path.path, mine.no_access)) out.push_back({"files", "seeing " + path.path});
  if (mine.include_workdir && !theirs.include_workdir)
    out.push_back({"files", "writing the working directory"});
  if (!theirs.execute) return;
  if (!mine.execute) {
    out.push_back({"files", "executing everything that can be read"});
    return;
  }
  for (const Path& path : *mine.execute)
    if (!lies_in(path.path, *theirs.execute)) out.push_back({"files", "executing " + path.path});
}

bool holds(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

void add_missing(const std::vector<std::string>& mine, const std::vector<std::string>& theirs,
                 const std::string& what, std::vector<Change>& out) {
  for (const std::string& text : mine)
    if (!holds(theirs, text)) out.push_back({"process", what + text});
}

void add_process(const policy::ProcessPolicy& mine, const policy::ProcessPolicy& theirs,
                 std::vector<Change>& out) {
  add_missing(mine.capabilities, theirs.capabilities, "capability ", out);
  add_missing(mine.ambient_capabilities, theirs.ambient_capabilities, "ambient capability ", out);
  add_missing(mine.keep_environment, theirs.keep_environment, "environment variable ", out);
  add_missing(mine.syscalls_allow, theirs.syscalls_allow, "system call ", out);
  add_missing(theirs.syscalls_deny, mine.syscalls_deny, "system call ", out);
  if (mine.start_as_root && !theirs.start_as_root) out.push_back({"process", "starting as root"});
  if (!mine.no_new_privileges && theirs.no_new_privileges)
    out.push_back({"process", "gaining privileges by execve"});
  if (mine.max_processes > theirs.max_processes)
    out.push_back({"process", std::to_string(mine.max_processes) + " processes instead of " +
                                  std::to_string(theirs.max_processes)});
  if (mine.max_core_bytes > theirs.max_core_bytes)
    out.push_back({"process", "core dumps of " + std::to_string(mine.max_core_bytes) + " bytes"});
  const bool files =
      theirs.max_open_files && (!mine.max_open_files || *mine.max_open_files > *theirs.max_open_files);
  if (files)
    out.push_back({"process", "more than " + std::to_string(*theirs.max_open_files) + " open files"});
}

void sort_unique(std::vector<Change>& changes) {
  std::sort(changes.begin(), changes.end());
  changes.erase(std::unique(changes.begin(), changes.end()), changes.end());
}

}  // namespace

void add_changed(const char* kind, const std::string& what, const std::string& before,
                 const std::string& after, Difference& difference) {
  if (before == after) return;
  const auto shown = [](const std::string& text) { return text.empty() ? std::string("(default)") : text; };
  difference.other.push_back({kind, what + ": " + shown(before) + " -> " + shown(after)});
}

void compare_files(const policy::Policy& before, const policy::Policy& after, Difference& difference) {
  // A preset is merged into a policy and says nothing of files.
  if (before.is_preset || after.is_preset) return;
  add_files(after.filesystem, before.filesystem, difference.possible);
  add_files(before.filesystem, after.filesystem, difference.stops);
}

void compare_process(const policy::Policy& before, const policy::Policy& after, Difference& difference) {
  if (before.is_preset || after.is_preset) return;
  const policy::ProcessPolicy &old = before.process, &now = after.process;
  add_process(now, old, difference.possible);
  add_process(old, now, difference.stops);
  add_changed("process", "run_as_user", old.run_as_user, now.run_as_user, difference);
  add_changed("process", "run_as_group", old.run_as_group, now.run_as_group, difference);
  add_changed("process", "path", old.path, now.path, difference);
  const auto base = [](const policy::ProcessPolicy& process) {
    return std::string(policy::word(process.syscalls));
  };
  add_changed("process", "syscalls", base(old), base(now), difference);
}

Difference compare(const policy::Policy& before, const policy::Policy& after) {
  Difference difference;
  compare_network(before, after, difference);
  compare_files(before, after, difference);
  compare_process(before, after, difference);
  compare_settings(before, after, difference);
  for (auto* changes : {&difference.possible, &difference.stops, &difference.other}) sort_unique(*changes);
  return difference;
}

}  // namespace nemoclaw::ctl
