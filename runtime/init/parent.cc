#include "runtime/init/parent.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace nemoclaw::init {

PendingChild::PendingChild(PendingChild&& other) noexcept
    : cloned_{std::exchange(other.cloned_.pid, 0), std::move(other.cloned_.pidfd)},
      channel_(std::move(other.channel_)) {}

PendingChild::~PendingChild() {
  if (cloned_.pid <= 0) return;
  kill(cloned_.pid, SIGKILL);
  static_cast<void>(sys::wait_process(cloned_.pid));
}

void PendingChild::tell(Go go, std::string_view payload, const std::vector<Fd>& descriptors) const {
  static_cast<void>(channel_.send(static_cast<uint32_t>(go), payload, descriptors));
}

Error PendingChild::death() {
  const Result<int> status = sys::wait_process(cloned_.pid);
  cloned_.pid = 0;
  if (!status) return status.error();
  Error error =
      make_error("the container's process died during its setup: " + sys::describe_wait_status(*status));
  if (WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL) error.message += "; is the memory limit too low?";
  return error;
}

Result<std::string> PendingChild::expect(Said said) {
  std::optional<Channel::Message> message = TRY(channel_.receive());
  if (!message) return death();
  if (message->kind == static_cast<uint32_t>(Said::Failed)) return decode_failure(message->payload);
  if (message->kind != static_cast<uint32_t>(said))
    return make_error(format("unexpected message %u from the container's process", message->kind));
  return std::move(message->payload);
}

Result<void> PendingChild::expect_exec() {
  std::optional<Channel::Message> message = TRY(channel_.receive());
  if (!message) return {};
  return decode_failure(message->payload);
}

Result<void> PendingChild::follow_second_clone() {
  const std::string payload = TRY(expect(Said::Cloned));
  const pid_t second = static_cast<pid_t>(strtol(payload.c_str(), nullptr, 10));
  if (second <= 0) return make_error("the first process of the launch sent no pid");
  static_cast<void>(sys::wait_process(cloned_.pid));
  cloned_.pid = second;
  cloned_.pidfd = TRY(sys::pidfd_open(second));
  return {};
}

Launched PendingChild::keep(std::vector<oci::Protection> protections) {
  Launched launched;
  launched.pid = std::exchange(cloned_.pid, 0);
  launched.pidfd = std::move(cloned_.pidfd);
  launched.protections = std::move(protections);
  return launched;
}

void fail(const Context& context, const StepFailure& failure) {
  static_cast<void>(
      context.channel.send(static_cast<uint32_t>(Said::Failed), encode_failure(failure.step, failure.error)));
  _exit(1);
}

namespace {

// The second of two processes says nothing before the first has said who it is: both speak on one channel, and
// the parent must hear them in that order, whichever of them the scheduler lets run first.
void wait_for_announcement(const Context& context, FdRef gate) {
  char byte;
  ssize_t got;
  do got = read(gate.raw(), &byte, 1);
  while (got < 0 && errno == EINTR);
  if (got != 1) fail(context, {"clone", make_error("the first process of the launch died")});
}

// The first of two processes: joins, makes the second as a sibling, says who it is, and ends.
void first_process(Context& context, const CloneOptions& options, const ChildMain& child_main) {
  if (Result<void> joined = options.between(context); !joined)
    fail(context, {"join namespaces", std::move(joined).error()});
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail(context, {"clone", errno_error("pipe")});
  Fd gate(ends[0]), announced(ends[1]);
  Result<sys::Cloned> second = sys::clone3(options.flags | CLONE_PARENT);
  if (!second) fail(context, {"clone", std::move(second).error()});
  if (second->pid == 0) {
    announced.reset();
    wait_for_announcement(context, gate);
    gate.reset();
    child_main(context);
    _exit(1);
  }
  static_cast<void>(context.channel.send(static_cast<uint32_t>(Said::Cloned), std::to_string(second->pid)));
  _exit(write(announced.raw(), "x", 1) == 1 ? 0 : 1);
}

}  // namespace

Result<PendingChild> clone_child(Context& context, const CloneOptions& options, const ChildMain& child_main) {
  ChannelPair pair = TRY(make_channel_pair());
  context.channel = std::move(pair.child);
  sys::Cloned cloned = TRY(sys::clone3(options.two_clones ? 0 : options.flags, options.cgroup));
  if (cloned.pid == 0) {
    pair.parent.close();
    if (options.two_clones) first_process(context, options, child_main);
    child_main(context);
    _exit(1);
  }
  context.channel.close();
  PendingChild child(std::move(cloned), std::move(pair.parent));
  if (options.two_clones) TRY(child.follow_second_clone());
  return child;
}

}  // namespace nemoclaw::init
