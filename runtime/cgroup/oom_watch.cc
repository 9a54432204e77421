#include "runtime/cgroup/oom_watch.h"

#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/cgroup/tree.h"

namespace nemoclaw::cgroup {

namespace {

uint64_t oom_kills(const std::string& directory) {
  const Result<std::string> events = read_file(directory + "/memory.events", 4096);
  return events ? find_number(*events, "oom_kill").value_or(0) : 0;
}

}  // namespace

Result<OomWatch> OomWatch::open_v1(const std::string& directory) {
  OomWatch watch;
  watch.directory_ = directory;
  watch.control_ = TRY(open_file(directory + "/memory.oom_control", O_RDONLY));
  watch.notice_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!watch.notice_.valid()) return errno_error("eventfd");
  TRY(write_file(directory + "/cgroup.event_control", format("%d %d", watch.notice_.raw(), watch.control_.raw())));
  return watch;
}

Result<OomWatch> OomWatch::open_v2(const std::string& directory) {
  OomWatch watch;
  const std::string file = directory + "/memory.events";
  if (!file_exists(file)) return watch;  // no memory controller
  watch.directory_ = directory;
  watch.unified_ = true;
  watch.notice_ = Fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watch.notice_.valid()) return errno_error("inotify_init1");
  if (inotify_add_watch(watch.notice_.raw(), file.c_str(), IN_MODIFY) < 0) return errno_error("watch " + quoted(file));
  watch.seen_ = oom_kills(directory);
  return watch;
}

Result<uint64_t> OomWatch::take() {
  alignas(inotify_event) char buffer[4096];
  ssize_t got;
  do got = read(notice_.raw(), buffer, unified_ ? sizeof buffer : sizeof(uint64_t));
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return uint64_t{0};
  if (got < 0) return errno_error("read the notice of memory events");
  if (unified_) {
    const uint64_t now = oom_kills(directory_);
    const uint64_t news = now > seen_ ? now - seen_ : 0;
    seen_ = std::max(seen_, now);
    return news;
  }
  // The kernel gives the last notice when the cgroup is removed.
  return file_exists(directory_ + "/cgroup.event_control") ? uint64_t{1} : uint64_t{0};
}

}  // namespace nemoclaw::cgroup
