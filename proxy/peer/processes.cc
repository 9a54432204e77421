#include "proxy/peer/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "runtime/base/defer.h"
#include "runtime/base/file.h"
#include "runtime/base/procfs.h"

namespace nemoclaw::peer {

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
  if (depth == 0) return {};
  DIR* stream = fdopendir(dup(directory.raw()));
  if (!stream) return errno_error("list " + quoted(name));
  Defer close_stream([&] { closedir(stream); });
  while (const dirent* entry = readdir(stream)) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    const Result<void> added = add_members(directory, entry->d_name, depth - 1, members);
    if (!added && added.error().errno_value != ENOENT) return added.error();  // ENOENT: removed meanwhile
  }
  return {};
}

// Calls `found` for every descriptor of the process that is this socket, until it returns false.
template <typename F>
void for_each_holder(FdRef process, uint64_t socket_inode, F found) {
  Result<Fd> directory = open_file(process, "fd", O_RDONLY | O_DIRECTORY);
  if (!directory) return;
  DIR* stream = fdopendir(directory->release());
  if (!stream) return;
  Defer close_stream([&] { closedir(stream); });
  const std::string wanted = "socket:[" + std::to_string(socket_inode) + "]";
  char target[64];
  while (const dirent* entry = readdir(stream)) {
    const ssize_t length = readlinkat(dirfd(stream), entry->d_name, target, sizeof target);
    if (length == static_cast<ssize_t>(wanted.size()) && memcmp(target, wanted.data(), wanted.size()) == 0) {
      found();
      return;
    }
  }
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

std::vector<Owner> find_owners(const std::vector<pid_t>& members, uint64_t socket_inode) {
  std::vector<Owner> owners;
  for (const pid_t pid : members) {
    const Result<Fd> process = procfs::open_process(pid);
    if (!process) continue;  // gone meanwhile
    const Result<procfs::Stat> stat = procfs::stat_at(*process);
    if (!stat) continue;
    for_each_holder(*process, socket_inode, [&] { owners.push_back(Owner{pid, stat->start_time}); });
  }
  return owners;
}

bool holds_socket(pid_t pid, uint64_t socket_inode) {
  const Result<Fd> process = procfs::open_process(pid);
  bool holds = false;
  if (process) for_each_holder(*process, socket_inode, [&] { holds = true; });
  return holds;
}

}  // namespace nemoclaw::peer
