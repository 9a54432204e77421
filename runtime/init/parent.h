// The parent's side of a launch, common to create and exec: the clone (or two), the handshake, and the end of
// a child that failed.
#pragma once

#include <functional>

#include "runtime/base/sys_process.h"
#include "runtime/init/steps.h"

namespace nemoclaw::init {

// A child under construction: killed and reaped unless kept.
class PendingChild {
 public:
  PendingChild(sys::Cloned cloned, Channel channel)
      : cloned_(std::move(cloned)), channel_(std::move(channel)) {}
  PendingChild(PendingChild&& other) noexcept;
  PendingChild(const PendingChild&) = delete;
  PendingChild& operator=(const PendingChild&) = delete;
  PendingChild& operator=(PendingChild&&) = delete;
  ~PendingChild();

  pid_t pid() const { return cloned_.pid; }
  // Tells it how far it may go. A child that is gone already has said why: the next expect() returns that.
  void tell(Go go, std::string_view payload = {}, const std::vector<Fd>& descriptors = {}) const;
  // The next message must be `said`; a failure record, or the death of the child, is the error.
  Result<std::string> expect(Said said);
  // Like expect(Created), but a closed channel is success: the process has been exec'ed.
  Result<void> expect_exec();
  // The first process made the final one and ended: go on with that.
  Result<void> follow_second_clone();
  // Reaps nothing any more; what is left of the child is the caller's.
  Launched keep(std::vector<oci::Protection> protections);

 private:
  Error death();

  sys::Cloned cloned_;
  Channel channel_;
};

// What the child does instead of the parent's code; never returns.
using ChildMain = std::function<void(Context&)>;
struct CloneOptions {
  uint64_t flags = 0;  // of the (last) clone
  bool two_clones = false;
  FdRef cgroup;
  std::function<Result<void>(Context&)>
      between;  // in the first process: joins what the second must be born into
};
Result<PendingChild> clone_child(Context& context, const CloneOptions& options, const ChildMain& child_main);

// In the child: reports a failure on the channel and ends.
[[noreturn]] void fail(const Context& context, const StepFailure& failure);

}  // namespace nemoclaw::init
