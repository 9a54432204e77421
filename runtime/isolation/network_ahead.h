// A network namespace that another CPU makes while this one reads, plans and records: the kernel takes 0.3 ms
// for it, nearly as long as for everything else that a clone with new namespaces does.
//
// It is the one that clone3 with CLONE_NEWNET would have made: of the same user namespace, new, and of nobody
// else. What the child does instead is one setns(2).
#pragma once

#include "runtime/base/fd.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

class NetworkAhead {
 public:
  NetworkAhead() = default;
  NetworkAhead(const NetworkAhead&) = delete;
  NetworkAhead& operator=(const NetworkAhead&) = delete;
  ~NetworkAhead();

  // Pure: the container gets a network namespace, and one that the runtime's own user namespace shall own.
  static bool is_wanted(const oci::Linux& linux_);

  // With lo up, as every container gets it. At most one at a time in a process. Where it cannot be made (one CPU,
  // no right to, no procfs), take() has none, and clone3 makes it or says why not.
  void begin();
  // Waits until it is made and its thread has ended.
  Fd take();

 private:
  bool begun_ = false;
};

}  // namespace nemoclaw::isolation
