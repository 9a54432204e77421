#include <algorithm>

#include "ctl/lint.h"
#include "policy/parse/diagnostics.h"
#include "policy/parse/tree.h"
#include "runtime/base/path.h"

namespace nemoclaw::ctl {
namespace {

using policy::Path;

void lint_twice(const std::vector<Path>& paths, const char* list, Findings& findings) {
  for (size_t i = 0; i < paths.size(); ++i) {
    for (size_t j = 0; j < paths.size(); ++j) {
      const bool same = paths[i].path == paths[j].path;
      if (i == j || (same ? i < j : !path_is_below(paths[i].path, paths[j].path))) continue;
      findings.add("L0110", paths[i].at,
                   quoted(paths[i].path) + " in " + list +
                       (same ? " is listed twice" : " lies below " + quoted(paths[j].path)),
                   "remove it");
      break;
    }
  }
}

// In both lists: the wider right counts, and the other line only misleads.
void lint_both(const policy::FilesystemPolicy& filesystem, Findings& findings) {
  for (const Path& path : filesystem.read_only)
    for (const Path& other : filesystem.read_write)
      if (path.path == other.path)
        findings.add("L0110", path.at, quoted(path.path) + " is listed in read_only and in read_write",
                     "keep one of them");
}

std::vector<std::string> search_path(const policy::Policy& policy) {
  std::string_view rest = policy.process.path.empty()
                              ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
                              : std::string_view(policy.process.path);
  std::vector<std::string> directories;
  for (;;) {
    const size_t colon = rest.find(':');
    directories.emplace_back(rest.substr(0, colon));
    if (colon == std::string_view::npos) return directories;
    rest.remove_prefix(colon + 1);
  }
}

// "" or what others will execute from there.
std::string what_is_run_from(const std::string& path, const std::vector<std::string>& search) {
  for (const std::string& directory : search)
    if (path == directory || path_is_below(directory, path)) return "programs of PATH (" + directory + ")";
  constexpr std::string_view kStartFiles[] = {".bashrc",   ".bash_profile", ".profile",    ".zshrc",
                                              ".zprofile", ".bash_login",   ".bash_logout"};
  const std::string_view name = base_name(path);
  if (std::find(std::begin(kStartFiles), std::end(kStartFiles), name) != std::end(kStartFiles) ||
      path == "/etc/profile" || path == "/etc/profile.d" || path_is_below(path, "/etc/profile.d"))
    return "a shell's start files";
  if (path.ends_with("/.git/hooks") || path.find("/.git/hooks/") != std::string::npos) return "git's hooks";
  for (std::string_view ci : {"/.github/workflows", "/.gitlab-ci.yml", "/.circleci", "/Jenkinsfile"})
    if (path.find(ci) != std::string::npos) return "the jobs of a CI system";
  return {};
}

void lint_writable(const LintInput& input, Findings& findings) {
  const auto search = search_path(input.policy);
  for (const Path& path : input.policy.filesystem.read_write) {
    const std::string what = what_is_run_from(path.path, search);
    if (!what.empty())
      findings.add("L0111", path.at,
                   quoted(path.path) + " is writable and holds " + what +
                       ": what the agent leaves there is run by others",
                   "make it read_only, or write elsewhere");
  }
}

policy::Location place_of(std::string_view text, const char* section) {
  policy::Diagnostics diagnostics(text);
  const auto tree = policy::parse_tree(text, diagnostics);
  if (tree)
    for (const auto& member : tree->members)
      if (member.key == section) return member.at;
  return {};
}

}  // namespace

void lint_paths(const LintInput& input, Findings& findings) {
  const policy::FilesystemPolicy& filesystem = input.policy.filesystem;
  lint_twice(filesystem.read_only, "read_only", findings);
  lint_twice(filesystem.read_write, "read_write", findings);
  lint_twice(filesystem.no_access, "no_access", findings);
  lint_both(filesystem, findings);
  lint_writable(input, findings);
  if (!input.policy.is_preset && !input.policy.landlock.hard_requirement)
    findings.add("L0114", place_of(input.text, "landlock"),
                 "landlock is best_effort: a kernel without some protection is accepted",
                 "write 'landlock: {compatibility: hard_requirement}' where every node has it");
}

}  // namespace nemoclaw::ctl
