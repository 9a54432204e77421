#include "hooks/proxy_cgroup.h"

#include <linux/magic.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/fd.h"
#include "runtime/base/file.h"

namespace nemoclaw::hooks {
namespace {

constexpr const char* kRoot = "/sys/fs/cgroup";
constexpr const char* kFolder = "/nemoclaw-proxy";
constexpr const char* kMemoryMax = "268435456";  // 256 MiB
constexpr const char* kProcessesMax = "64";

bool has_unified_hierarchy() {
  struct statfs info {};
  return statfs(kRoot, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

Result<void> make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return errno_error("mkdir " + path);
  return {};
}

Result<void> make_step(const CgroupStep& step, bool unified) {
  const std::string parent = step.directory.substr(0, step.directory.rfind('/'));
  TRY(make_directory(parent));
  // A controller that the parent does not pass on has no files below; one that is passed on already is
  // accepted silently. Each by itself: a kernel without the memory controller refuses both in one write.
  if (unified)
    for (const std::string& directory : {std::string(kRoot), parent})
      for (const char* controller : {"+memory", "+pids"})
        (void)write_file(directory + "/cgroup.subtree_control", controller);
  TRY(make_directory(step.directory));
  return {};
}

}  // namespace

std::vector<CgroupStep> plan_proxy_cgroup(const std::string& id, bool unified) {
  const std::string root = kRoot;
  const std::string tail = std::string(kFolder) + "/" + id;
  if (unified) return {{root + tail, {{"memory.max", kMemoryMax}, {"pids.max", kProcessesMax}}}};
  return {{root + "/memory" + tail, {{"memory.limit_in_bytes", kMemoryMax}}},
          {root + "/pids" + tail, {{"pids.max", kProcessesMax}}}};
}

ProxyCgroup make_proxy_cgroup(const std::string& id) {
  const bool unified = has_unified_hierarchy();
  ProxyCgroup made;
  const auto warn = [&made](const Result<void>& done) {
    if (!done) made.warning += (made.warning.empty() ? "" : "; ") + done.error().message;
  };
  for (const CgroupStep& step : plan_proxy_cgroup(id, unified)) {
    const Result<void> done = make_step(step, unified);
    warn(done);
    if (!done) continue;
    made.directories.push_back(step.directory);
    // A limit that this kernel does not offer must not take the others with it.
    for (const auto& [file, value] : step.writes) warn(write_file(step.directory + "/" + file, value));
  }
  return made;
}

bool join_cgroups(const std::vector<std::string>& procs_files) {
  bool joined = true;
  for (const std::string& file : procs_files) {
    const int procs = open(file.c_str(), O_WRONLY | O_CLOEXEC);
    if (procs < 0 || write(procs, "0", 1) != 1) joined = false;
    if (procs >= 0) close(procs);
  }
  return joined;
}

void remove_proxy_cgroup(const std::vector<std::string>& directories) {
  for (const std::string& directory : directories) {
    if (directory.find(kFolder) == std::string::npos) continue;
    // A process that was killed leaves its cgroup only when it has been reaped, shortly after.
    for (int tries = 0; tries < 50 && rmdir(directory.c_str()) != 0 && errno == EBUSY; ++tries)
      poll(nullptr, 0, 2);
  }
}

std::string container_cgroup_among(std::string_view own, const std::vector<std::string>& container_cgroups) {
  for (size_t at = 0; at < own.size();) {
    const size_t end = std::min(own.find('\n', at), own.size());
    const std::string_view line = own.substr(at, end - at);
    at = end + 1;
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == line.npos || line.size() <= second + 2)
      continue;  // the root of a hierarchy belongs to nobody
    const std::string path(line.substr(second + 1));
    std::string hierarchy(line.substr(first + 1, second - first - 1));
    if (hierarchy.rfind("name=", 0) == 0) hierarchy.erase(0, 5);
    for (const std::string& directory : container_cgroups) {
      if (hierarchy.empty() && (directory == kRoot + path || directory == kRoot + ("/unified" + path)))
        return directory;
      if (!hierarchy.empty() && directory == kRoot + ("/" + hierarchy) + path) return directory;
    }
  }
  return "";
}

Result<void> refuse_container_cgroup(const std::vector<std::string>& container_cgroups) {
  const std::string own = TRY(read_file("/proc/self/cgroup", size_t{1} << 20));
  const std::string shared = container_cgroup_among(own, container_cgroups);
  if (shared.empty()) return {};
  return make_error("the hook runs in the container's cgroup " + shared +
                    ", and what it starts would be frozen and killed with the container");
}

}  // namespace nemoclaw::hooks
