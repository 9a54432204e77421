// checkpoint and restore: a container's processes as files, and back, by criu.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/container/create.h"
#include "runtime/container/criu_plan.h"
#include "runtime/container/state_store.h"

namespace nemoclaw::container {

// The container ends unless `leave_running` or `pre_dump`.
Result<void> checkpoint_container(const StateStore& store, const std::string& id, const CriuOptions& options);

struct RestoreOptions {
  CriuOptions criu;
  bool detach = false, no_subreaper = false;
};
// The process's exit code; 0 at once with detach. Of `request`, terminals and descriptors are not for a restore.
Result<int> restore_container(const StateStore& store, const CreateRequest& request, const RestoreOptions& options);

}  // namespace nemoclaw::container
