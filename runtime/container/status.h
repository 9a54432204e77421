// A container's status is never stored: it is computed from what the kernel and the state directory show.
#pragma once

#include "runtime/base/result.h"
#include "runtime/container/state_store.h"
#include "runtime/oci/state.h"

namespace nemoclaw::container {

// Names in the state directory. create listens on kCreatingSocket and renames it to kStartSocket as its last
// act, so one rename(2) is what makes a container "created"; start removes it.
constexpr char kCreatingSocket[] = "creating.sock";
constexpr char kStartSocket[] = "start.sock";

// What the status is computed from; a value, so that the rule is testable.
struct Signs {
  bool init_alive = false;
  bool frozen = false;
  bool start_socket = false;
  bool creating_socket = false;
  bool locked_elsewhere = false;  // by the create that still runs
};

oci::Status status_from(const Signs& signs);  // pure
oci::Status status_of(const StateDirectory& directory, const oci::StateRecord& record);

}  // namespace nemoclaw::container
