#include "proxy/peer/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "runtime/base/defer.h"
#include "runtime/base/file.h"
#include "runtime/base/procfs.h"

namespace nemoclaw::peer {

bool is_gone(const Error& error) { return error.errno_value == ENOENT || error.errno_value == ESRCH; }

namespace {

constexpr int kCgroupDepthMax = 16;
constexpr size_t kMembersMax = 65536;

Result<void> add_members(FdRef parent, const std::string& name, int depth, std::vector<pid_t>& members) {
  Fd directory = TRY(open_file(parent, name, O_RDONLY | O_DIRECTORY));
  const std::string text = TRY(read_file_at(directory, "cgroup.procs", 1 << 20));
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    pid_t pid = 0;
    const auto [next, code] = std::from_chars(at, end, pid);
    if (code != std::errc()) break;
    members.push_back(pid);
    at = next + 1;
  }
  if (members.size() > kMembersMax) return make_error("more processes in the sandbox than can be identified");
  DIR* stream = fdopendir(dup(directory.raw()));
  if (!stream) return errno_error("list " + quoted(name));
  Defer close_stream([&] { closedir(stream); });
  while (const dirent* entry = readdir(stream)) {
    // The container may make cgroups below its own, and give them any name: a process in one that is left out
    // here would be a holder that nobody sees.
    const std::string_view inner = entry->d_name;
    if (entry->d_type != DT_DIR || inner == "." || inner == "..") continue;
    if (depth == 0) return make_error("cgroups nested too deeply: their processes cannot be identified");
    const Result<void> added = add_members(directory, entry->d_name, depth - 1, members);
    if (!added && added.error().errno_value != ENOENT) return added.error();  // ENOENT: removed meanwhile
  }
  return {};
}

// A process whose threads have this many different descriptor tables counts as a holder: it hides something.
constexpr size_t kTablesMax = 16;

constexpr std::string_view kSocketLink = "socket:[";

// Calls `see(inode, fd)` for every socket in `folder` ("fd" or "task/<tid>/fd") of the process, until it says so.
// False: the process is gone.
template <typename See>
Result<bool> look_through(FdRef process, const std::string& folder, See see) {
  Result<Fd> directory = open_file(process, folder, O_RDONLY | O_DIRECTORY);
  if (!directory) {
    if (is_gone(directory.error())) return false;
    return std::move(directory).error().with_context("descriptors of a process");
  }
  DIR* stream = fdopendir(directory->raw());
  if (!stream) return errno_error("descriptors of a process");
  directory->release();
  Defer close_stream([&] { closedir(stream); });
  char target[64];
  while (const dirent* entry = readdir(stream)) {
    const ssize_t length = readlinkat(dirfd(stream), entry->d_name, target, sizeof target);
    if (length <= 0 || !std::string_view(target, static_cast<size_t>(length)).starts_with(kSocketLink)) continue;
    uint64_t inode = 0;
    std::from_chars(target + kSocketLink.size(), target + length, inode);
    if (see(inode, atoi(entry->d_name))) return true;
  }
  return true;
}

// The descriptor that is this socket; -1: there is none.
Result<int> find_in_table(FdRef process, const std::string& folder, uint64_t socket_inode) {
  int found = -1;
  TRY(look_through(process, folder, [&](uint64_t inode, int fd) {
    if (inode == socket_inode) found = fd;
    return inode == socket_inode;
  }));
  return found;
}

// None: the process is gone.
Result<std::vector<pid_t>> list_threads(FdRef process) {
  std::vector<pid_t> threads;
  Result<Fd> directory = open_file(process, "task", O_RDONLY | O_DIRECTORY);
  if (!directory) {
    if (is_gone(directory.error())) return threads;
    return std::move(directory).error().with_context("threads of a process");
  }
  DIR* stream = fdopendir(directory->raw());
  if (!stream) return errno_error("threads of a process");
  directory->release();
  Defer close_stream([&] { closedir(stream); });
  while (const dirent* entry = readdir(stream)) {
    pid_t tid = 0;
    const char* end = entry->d_name + strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, tid).ptr == end) threads.push_back(tid);
  }
  return threads;
}

bool share_descriptors(pid_t one, pid_t other) {
  return syscall(SYS_kcmp, one, other, KCMP_FILES, 0, 0) == 0;
}

}  // namespace

Result<std::vector<pid_t>> list_members(const std::vector<std::string>& cgroup_directories) {
  Error last = make_error("the sandbox has no cgroup");
  for (const std::string& directory : cgroup_directories) {
    std::vector<pid_t> members;
    Result<void> added = add_members(FdRef::cwd(), directory, kCgroupDepthMax, members);
    if (added) {
      std::sort(members.begin(), members.end());
      members.erase(std::unique(members.begin(), members.end()), members.end());
      return members;
    }
    last = std::move(added).error();
  }
  return std::move(last).with_context("processes of the sandbox");
}

// The folder has one link per thread and two of its own.
bool has_one_thread(FdRef process) {
  struct stat threads;
  return fstatat(process.raw(), "task", &threads, 0) == 0 && threads.st_nlink == 3;
}

Result<std::optional<SocketTable>> read_sockets(FdRef process) {
  SocketTable table;
  const bool seen = TRY(look_through(process, "fd", [&](uint64_t inode, int fd) {
    table.emplace_back(inode, fd);
    return false;
  }));
  if (!seen) return std::optional<SocketTable>();
  std::sort(table.begin(), table.end());
  return std::optional(std::move(table));
}

// A thread can have left the table of its process (unshare(CLONE_FILES)) and hold there what /proc/<pid>/fd
// does not show. Threads that share a table, which is nearly all of them, cost one kcmp(2) and no scan.
Result<Holding> holds(FdRef process, pid_t pid, uint64_t socket_inode) {
  const int fd = TRY(find_in_table(process, "fd", socket_inode));
  if (fd >= 0) return Holding{true, fd};
  if (has_one_thread(process)) return Holding{};
  const bool comparable = share_descriptors(pid, pid);  // else every thread is scanned
  std::vector<pid_t> scanned = {pid};
  const std::vector<pid_t> threads = TRY(list_threads(process));
  for (const pid_t tid : threads) {
    if (tid == pid || std::any_of(scanned.begin(), scanned.end(),
                                  [&](pid_t known) { return share_descriptors(known, tid); }))
      continue;
    if (comparable && scanned.size() > kTablesMax) return Holding{true, -1};
    const int elsewhere = TRY(find_in_table(process, format("task/%d/fd", tid), socket_inode));
    if (elsewhere >= 0) return Holding{true, -1};
    scanned.push_back(tid);
  }
  return Holding{};
}

bool still_holds(const Owner& owner, uint64_t socket_inode) {
  const Result<Fd> process = procfs::open_process(owner.pid);
  if (!process) return false;
  const Result<procfs::Stat> stat = procfs::stat_at(*process);
  if (!stat || stat->start_time != owner.start_time) return false;
  if (owner.fd >= 0) {
    char target[64];
    const std::string link = format("fd/%d", owner.fd), wanted = format("socket:[%llu]", static_cast<unsigned long long>(socket_inode));
    const ssize_t length = readlinkat(process->raw(), link.c_str(), target, sizeof target);
    if (length > 0 && std::string_view(target, static_cast<size_t>(length)) == wanted) return true;
  }
  const Result<Holding> holding = holds(*process, owner.pid, socket_inode);
  return holding && holding->is_held;
}

}  // namespace nemoclaw::peer
