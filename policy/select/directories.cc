#include "policy/select/directories.h"

#include <unistd.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/sys_process.h"

namespace nemoclaw::policy {
namespace {

constexpr std::string_view suffix = ".yaml";
constexpr size_t policy_bytes_max = size_t{1} << 20;

// The running program's directory: a build tree, and an installation under another prefix, have their
// policies near it.
Result<std::string> program_directory() { return directory_name(TRY(sys::program_path())); }

}  // namespace

bool is_policy_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                  c == '_' || c == '-';
         });
}

Result<std::vector<PolicyFile>> policy_files(const NodeConfig& config) {
  std::vector<std::string> directories = config.policy_directories;
  std::string program = TRY(program_directory());
  directories.push_back(clean_path(program + "/../share/nemoclaw/policies"));
  directories.push_back(clean_path(program + "/../policies"));
  std::vector<PolicyFile> files;
  for (const std::string& directory : directories) {
    auto names = list_directory(directory);
    if (!names) {
      bool missing = names.error().errno_value == ENOENT || names.error().errno_value == ENOTDIR;
      if (missing) continue;
      return std::move(names).error().with_context("policy directory " + directory);
    }
    for (const std::string& entry : *names) {
      if (!entry.ends_with(suffix)) continue;
      std::string name = entry.substr(0, entry.size() - suffix.size());
      bool known =
          std::any_of(files.begin(), files.end(), [&](const PolicyFile& each) { return each.name == name; });
      if (is_policy_name(name) && !known) files.push_back({name, directory + "/" + entry});
    }
  }
  return files;
}

std::string joined_errors(const std::vector<Diagnostic>& diagnostics, std::string_view file) {
  std::string text;
  for (const Diagnostic& each : diagnostics) {
    if (each.severity != Severity::Error) continue;
    text += (text.empty() ? "" : "\n") + render_line(each, file);
  }
  return text;
}

Result<ReadPolicy> read_policy(const std::string& file) {
  ReadPolicy result;
  result.text = TRY_CONTEXT(read_file(file, policy_bytes_max), "policy");
  ParseOutcome outcome = parse_policy(result.text, file);
  if (!outcome.policy) return make_error(joined_errors(outcome.diagnostics, file));
  result.policy = std::move(*outcome.policy);
  return result;
}

Result<std::string> find_program(const std::string& configured, const std::string& name) {
  std::vector<std::string> candidates;
  if (!configured.empty()) {
    candidates.push_back(configured);
  } else {
    std::string directory = TRY(program_directory());
    candidates = {clean_path(directory + "/" + name), clean_path(directory + "/../libexec/nemoclaw/" + name)};
  }
  std::string tried;
  for (const std::string& each : candidates) {
    if (access(each.c_str(), X_OK) == 0) return each;
    tried += (tried.empty() ? "" : ", ") + each;
  }
  return make_error(name + " was not found (tried " + tried +
                    "): install it there, or name its path in the node's configuration");
}

}  // namespace nemoclaw::policy
