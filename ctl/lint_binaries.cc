#include <fcntl.h>

#include <algorithm>

#include "ctl/image_paths.h"
#include "ctl/lint.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::ctl {
namespace {

// "python3.11" and "python3" are python.
bool is_interpreter(const policy::Binary& binary) {
  if (binary.script || !binary.via.empty()) return false;
  std::string name(base_name(binary.path));
  while (!name.empty() &&
         (name.back() == '*' || name.back() == '.' || (name.back() >= '0' && name.back() <= '9')))
    name.pop_back();
  constexpr std::string_view kNames[] = {"bash", "bun",  "busybox", "dash",    "deno", "java", "node", "perl",
                                         "php",  "pwsh", "python",  "python-", "ruby", "sh",   "zsh"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

void lint_rootfs(const LintInput& input, Findings& findings) {
  const auto root = open_file(*input.rootfs, O_PATH | O_DIRECTORY);
  if (!root) return;  // the command has refused it before
  for (const policy::NetworkEntry& entry : input.policy.network) {
    if (!entry.binaries) continue;
    for (const policy::Binary& binary : *entry.binaries)
      for (const std::string& path : {binary.path, binary.via})
        if (image_lacks(*root, path))
          findings.add("L0112", binary.at, "the image has no " + quoted(path),
                       "correct the path, or remove the binary");
  }
}

}  // namespace

void lint_binaries(const LintInput& input, Findings& findings) {
  for (const policy::NetworkEntry& entry : input.policy.network) {
    if (!entry.binaries)
      findings.add(
          "L0101", entry.at,
          "entry " + quoted(entry.key, 64) + " names no binaries: any process of the sandbox may use it",
          "add 'binaries' with the programs that need it");
    else if (!entry.binaries->empty() &&
             std::all_of(entry.binaries->begin(), entry.binaries->end(), is_interpreter))
      findings.add("L0102", entry.binaries->front().at,
                   "entry " + quoted(entry.key, 64) +
                       " names only interpreters: every script that they run may use it",
                   "name the 'script', or say 'via' which program the interpreter must be started");
  }
  if (input.rootfs) lint_rootfs(input, findings);
}

}  // namespace nemoclaw::ctl
