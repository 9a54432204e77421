// The policies that a sandbox has had, one file each in <state_directory>/sandboxes/<id>/: they outlive the
// container's restarts and go with the container. Plain files, written atomically: few, for root alone,
// readable without a program.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::policy {

struct Revision {
  uint64_t number = 0;  // 1: what the container was created with
  std::string name, digest;
  std::string author, reason, time;  // who set it, why, when (RFC 3339)
  std::string text;
  bool current = false;
};

struct SandboxAnchor {
  std::string path;  // while it exists, the container does
};

std::string revisions_directory(const std::string& state_directory, const std::string& id);

// Serialises writers; the directory is made if it is missing.
Result<Fd> lock_revisions(const std::string& directory);

// In the order of their numbers; empty if the sandbox has never had another policy than its first.
Result<std::vector<Revision>> read_revisions(const std::string& directory);
// The one in force, or nullopt. An error if it cannot be read: it must not be forgotten silently.
Result<std::optional<Revision>> read_current_revision(const std::string& directory);

// An error if there is none of this number.
Result<std::optional<Revision>> read_revision(const std::string& directory, uint64_t number);

// Written, and not in force: a number that is above the current one is a request that never came true.
Result<void> write_revision(const std::string& directory, const Revision& revision);
Result<void> make_current(const std::string& directory, uint64_t number);
void remove_revision(const std::string& directory, uint64_t number);

Result<void> write_anchor(const std::string& directory, const SandboxAnchor& anchor);
// Removes the revisions of sandboxes that are gone: no directory below `run_directory`, and no anchor any
// more.
void prune_revisions(const std::string& state_directory, const std::string& run_directory);

}  // namespace nemoclaw::policy
