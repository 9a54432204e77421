// The verbs on a container that exists: start, kill, delete, pause, resume, update, and what they need to
// look at it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/cgroup/driver.h"
#include "runtime/container/state_store.h"
#include "runtime/oci/effective_spec.h"
#include "runtime/oci/state.h"

namespace nemoclaw::container {

struct View {
  oci::StateRecord record;
  oci::Status status = oci::Status::Stopped;
};

Result<View> look(const StateStore& store, const std::string& id);

// `before_release` runs while the process still waits (the caller tells the proxy what it must know); its
// error leaves the container as it was, created.
using BeforeRelease = std::function<Result<void>(const oci::StateRecord&)>;
Result<void> start_container(const StateStore& store, const std::string& id,
                             const BeforeRelease& before_release);
// The same for a container whose lock the caller holds already (run).
Result<void> start_created(StateDirectory& directory, const oci::StateRecord& record,
                           const BeforeRelease& before_release);

// Signals the init process, or with `all` every process of the container. "container not running" when
// stopped.
Result<void> kill_container(const StateStore& store, const std::string& id, int signal, bool all);

// Removes a stopped or created container; with `force` any, and absence is fine.
Result<void> delete_container(const StateStore& store, const std::string& id, bool force);

Result<void> pause_container(const StateStore& store, const std::string& id);
Result<void> resume_container(const StateStore& store, const std::string& id);
Result<void> update_container(const StateStore& store, const std::string& id, const oci::Resources& resources,
                              const oci::IntelRdt& rdt);

// Of a container that runs (else "container not running").
Result<std::vector<pid_t>> container_processes(const StateStore& store, const std::string& id);
Result<cgroup::Stats> container_stats(const StateStore& store, const std::string& id);
struct Watch {
  Fd ended;  // readable once the container's init has ended
  cgroup::OomWatch oom;
};
Result<Watch> watch_container(const StateStore& store, const std::string& id);

}  // namespace nemoclaw::container
