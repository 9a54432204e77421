#include "runtime/cli/sandboxed_create.h"

namespace nemoclaw::cli {

void SandboxGuard::attach(container::CreateRequest& request) {
  if (!prepared_.selected || request.effective.sandbox_id.empty()) return;
  request.before_launch = [this](const oci::StateRecord& state,
                                 const oci::EffectiveSpec& effective) -> Result<void> {
    SandboxInput input;
    input.config = &prepared_.config;
    input.selected = &*prepared_.selected;
    input.config_file = globals_.config.value_or("");
    input.runtime_root = globals_.root;
    directory_.emplace(TRY(SandboxDirectory::create(input, effective.spec, state)));
    return {};
  };
}

}  // namespace nemoclaw::cli
