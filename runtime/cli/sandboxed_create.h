// Ties the sandbox directory to a create: made when the create asks for it, removed unless the create
// succeeded.
#pragma once

#include <optional>

#include "runtime/cli/prepare.h"
#include "runtime/cli/sandbox_directory.h"
#include "runtime/cli/verb.h"
#include "runtime/container/create.h"

namespace nemoclaw::cli {

class SandboxGuard {
 public:
  // Both references outlive the guard.
  SandboxGuard(const Globals& globals, const Prepared& prepared) : globals_(globals), prepared_(prepared) {}
  // Sets request.before_launch when a policy with egress control applies.
  void attach(container::CreateRequest& request);
  void keep() {
    if (directory_) directory_->keep();
  }

 private:
  const Globals& globals_;
  const Prepared& prepared_;
  std::optional<SandboxDirectory> directory_;
};

}  // namespace nemoclaw::cli
