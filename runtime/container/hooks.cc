#include "runtime/container/hooks.h"

#include "runtime/init/launch.h"

namespace nemoclaw::container {

void run_poststop_hooks(const oci::Hooks& hooks, const oci::StateRecord& record, log::Level failure_level) {
  if (hooks.poststop.empty()) return;
  oci::StateRecord stopped = record;
  stopped.init_pid = 0;
  const std::string state = oci::encode_state(stopped, oci::Status::Stopped, false);
  for (const oci::Hook& hook : hooks.poststop) {
    const Result<void> ran = init::run_hooks({hook}, "poststop", state);
    if (!ran) log::write(failure_level, ran.error().message);
  }
}

}  // namespace nemoclaw::container
