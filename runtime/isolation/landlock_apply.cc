#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/path.h"
#include "runtime/isolation/landlock_plan.h"
#include "runtime/isolation/landlock_uapi.h"

// Added with Linux 5.13; the same numbers on every architecture.
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

namespace nemoclaw::isolation {
namespace {

// What the kernel takes on something that is not a directory.
constexpr uint64_t file_rights =
    uapi::fs_execute | uapi::fs_write_file | uapi::fs_read_file | uapi::fs_truncate | uapi::fs_ioctl_dev;

Result<Fd> create_ruleset(const LandlockPlan& plan) {
  uapi::RulesetAttributes attributes{plan.handled_fs, plan.handled_net, plan.scoped};
  // An older kernel takes a longer structure as long as what it does not know is zero.
  long fd = syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
  if (fd < 0) return errno_error("create Landlock ruleset");
  return Fd(static_cast<int>(fd));
}

bool is_missing(int errno_value) { return errno_value == ENOENT || errno_value == ENOTDIR; }

Result<void> add_path(FdRef ruleset, FdRef root, const LandlockPathRule& rule,
                      std::vector<oci::Protection>& protections) {
  auto path = open_in_root(root, rule.path, O_PATH);
  if (!path) {
    // Not there is not the same as not readable: what cannot be examined cannot be called protected.
    if (!is_missing(path.error().errno_value) || rule.required)
      return std::move(path).error().with_context("Landlock rule for " + quoted(rule.path));
    protections.push_back({"landlock.path", "partial",
                           rule.path + " does not exist in the container; nothing is "
                                       "granted there"});
    return {};
  }
  struct stat status {};
  if (fstat(path->raw(), &status) < 0) return errno_error("stat " + quoted(rule.path));
  uint64_t access = S_ISDIR(status.st_mode) ? rule.access : rule.access & file_rights;
  if (access == 0) return {};
  uapi::PathBeneathAttributes attributes{access, path->raw()};
  if (syscall(SYS_landlock_add_rule, ruleset.raw(), uapi::rule_path_beneath, &attributes, 0) < 0)
    return errno_error("add Landlock rule for " + quoted(rule.path));
  return {};
}

}  // namespace

int landlock_abi() {
  long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, uapi::create_ruleset_version);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

Result<Fd> prepare_landlock(const LandlockPlan& plan, std::vector<oci::Protection>& protections) {
  if (!plan.enabled) return Fd();
  Fd ruleset = TRY(create_ruleset(plan));
  int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root_fd < 0) return errno_error("open the container's root");
  Fd root(root_fd);
  for (const LandlockPathRule& rule : plan.paths) TRY(add_path(ruleset, root, rule, protections));
  for (const auto& [access, port] : plan.ports) {
    uapi::NetPortAttributes attributes{access, port};
    if (syscall(SYS_landlock_add_rule, ruleset.raw(), uapi::rule_net_port, &attributes, 0) < 0)
      return errno_error(format("add Landlock rule for port %u", port));
  }
  return ruleset;
}

Result<void> restrict_landlock(FdRef ruleset) {
  if (!ruleset.valid()) return {};
  if (syscall(SYS_landlock_restrict_self, ruleset.raw(), 0) < 0)
    return errno_error("enforce Landlock ruleset");
  return {};
}

}  // namespace nemoclaw::isolation
