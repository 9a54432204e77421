#include "proxy/peer/identity.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/procfs.h"

namespace nemoclaw::peer {

namespace {

constexpr size_t kAncestorsMax = 32;

// nsfs inode of one of the process's namespaces; 0 if it cannot be read.
uint64_t namespace_of(FdRef process, const char* name) {
  struct stat status;
  return fstatat(process.raw(), name, &status, 0) == 0 ? status.st_ino : 0;
}

uint64_t mount_namespace_of(FdRef process) { return namespace_of(process, "ns/mnt"); }

// The container's first process is the oldest member of its cgroup. Paths are compared in its mount
// namespace: a process that made a mount namespace of its own could put any file at any path.
uint64_t container_mount_namespace(const std::vector<pid_t>& members, pid_t& oldest_pid, uint64_t& oldest) {
  uint64_t found = 0;
  oldest = UINT64_MAX;
  for (const pid_t pid : members) {
    const Result<Fd> process = procfs::open_process(pid);
    if (!process) continue;
    const Result<procfs::Stat> stat = procfs::stat_at(*process);
    if (!stat || stat->start_time >= oldest) continue;
    const uint64_t inode = mount_namespace_of(*process);
    if (inode == 0) continue;  // a zombie has none
    oldest = stat->start_time;
    oldest_pid = pid;
    found = inode;
  }
  return found;
}

}  // namespace

Result<Executable> executable_in(FdRef process, const Namespaces& namespaces) {
  if (namespaces.mount == 0 || mount_namespace_of(process) != namespaces.mount)
    return make_error("the process runs in a mount namespace of its own, where a path says nothing");
  // Whoever has CAP_CHECKPOINT_RESTORE, if only in a user namespace that it made, may point /proc/<pid>/exe
  // at any file that it can read (prctl(2), PR_SET_MM_MAP).
  if (namespaces.user != 0 && namespace_of(process, "ns/user") != namespaces.user)
    return make_error("the process runs in a user namespace of its own, where it can forge what it executes");
  return open_executable(process);
}

namespace {

Result<void> check_executable(const Owner& owner, const Located& located) {
  const std::string path = format("/proc/%d/exe", owner.pid);
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return errno_error("the calling process is gone");
  if (file_key(status) != located.executable->key)
    return make_error("the calling process executes another file than when it was identified");
  return {};
}

}  // namespace

std::vector<Ancestor> find_ancestors(pid_t pid, const std::vector<pid_t>& members,
                                     const Namespaces& namespaces) {
  std::vector<Ancestor> ancestors;
  Result<procfs::Stat> child = procfs::stat(pid);
  while (child && ancestors.size() < kAncestorsMax) {
    const pid_t parent = child->parent;
    if (!std::binary_search(members.begin(), members.end(), parent)) break;
    const Result<Fd> process = procfs::open_process(parent);
    if (!process) break;
    Result<procfs::Stat> stat = procfs::stat_at(*process);
    // A parent that is younger than its child is another process with a recycled pid.
    if (!stat || stat->start_time > child->start_time) break;
    Ancestor ancestor;
    ancestor.pid = parent;
    Result<Executable> executable = executable_in(*process, namespaces);
    if (executable) {
      ancestor.path = executable->path;
      ancestor.executable = std::make_shared<const Executable>(std::move(*executable));
    } else {
      ancestor.path = "(" + executable.error().message + ")";
    }
    ancestors.push_back(std::move(ancestor));
    child = std::move(stat);
  }
  return ancestors;
}

// As created, where that is known: the container's first process may leave its namespaces as well. Else
// looked for once, and again when that process has gone.
Namespaces Identifier::namespaces_of_group(const std::string& group, const std::vector<pid_t>& members) {
  for (const Group& each : groups_)
    if (each.id == group && each.namespaces.mount != 0) return each.namespaces;
  Oldest& known = oldest_[group];
  if (known.pid != 0 && std::binary_search(members.begin(), members.end(), known.pid))
    if (const Result<Fd> process = procfs::open_process(known.pid)) {
      const Result<procfs::Stat> stat = procfs::stat_at(*process);
      const uint64_t inode = mount_namespace_of(*process);
      if (stat && stat->start_time == known.start_time && inode != 0) return {.mount = inode};
    }
  return {.mount = container_mount_namespace(members, known.pid, known.start_time)};
}

Result<void> Identifier::resolve_owners(const std::vector<pid_t>& members, Located& located,
                                        Failure& failure) {
  const Namespaces namespaces = namespaces_of_group(located.group, members);
  for (const Owner& owner : located.owners) {
    Fd process = TRY_CONTEXT(procfs::open_process(owner.pid), "the calling process is gone");
    Executable executable = TRY(executable_in(process, namespaces));
    const procfs::Stat now = TRY_CONTEXT(procfs::stat_at(process), "the calling process is gone");
    if (now.start_time != owner.start_time) return make_error("the calling process is gone");
    if (!located.executable) {
      located.pid = failure.pid = owner.pid;
      failure.binary = executable.path;
      located.executable = std::make_shared<const Executable>(std::move(executable));
    } else if (executable.key != located.executable->key || executable.path != located.executable->path) {
      failure.code = "ambiguous_owner";
      return make_error("the connection is held by processes that execute different files: " +
                        quoted(located.executable->path) + " and " + quoted(executable.path));
    }
  }
  located.ancestors = find_ancestors(located.pid, members, namespaces);
  return {};
}

Result<void> Identifier::add_group(Group group) {
  for (const Group& known : groups_) {
    if (known.id == group.id) continue;
    for (const std::string& one : known.cgroups)
      for (const std::string& other : group.cgroups)
        if (path_is_below(one, other) || path_is_below(other, one))
          return make_error("container " + quoted(group.id) + " cannot be told apart from " +
                            quoted(known.id) + ": cgroup " + other + " and " + one);
  }
  remove_group(group.id);
  groups_.push_back(std::move(group));
  return {};
}

void Identifier::remove_group(const std::string& id) {
  oldest_.erase(id);
  residents_.forget_groups();
  std::erase_if(groups_, [&](const Group& known) { return known.id == id; });
}

// Fills in group and owners; returns the members of that group.
Result<std::vector<pid_t>> Identifier::find_group(Located& located, Failure& failure) {
  std::vector<pid_t> members;
  Result<void> listed = make_error("the sandbox has no container");
  for (const Group& group : groups_) {
    Result<std::vector<pid_t>> here = list_members(group.cgroups);
    if (!here && here.error().errno_value == ENOENT && groups_.size() > 1)
      continue;  // that container is gone
    if (!here) return std::move(here).error();
    listed = {};
    std::vector<Owner> owners = TRY(tables_.find_owners(*here, located.socket.inode));
    if (owners.empty()) continue;
    if (!located.owners.empty()) {
      failure.code = "ambiguous_owner";
      return make_error("the connection is held by processes of different containers: " +
                        quoted(located.group) + " and " + quoted(group.id));
    }
    located.group = failure.group = group.id;
    located.owners = std::move(owners);
    members = std::move(*here);
  }
  if (!listed) return std::move(listed).error();
  if (located.owners.empty()) return make_error("no process of this sandbox holds the calling socket");
  return members;
}

Result<Located> Identifier::locate(const SocketTuple& tuple, Failure& failure) {
  failure.code = "policy_denied";
  Located located;
  located.socket = TRY_CONTEXT(query_.find(tuple), "the calling socket is gone");
  failure.uid = located.socket.uid;
  failure.uid_known = true;
  if (located.socket.inode == 0)
    return make_error("the calling process closed its socket before it was identified");
  std::optional<bpf::Look> look;
  if (connects_) look = connects_->look(located.socket.cookie);
  // Once more: it may just have begun to wait, or ended.
  if (look && is_connecter_unchanged(*look) && !is_held_by_connecter_alone(*look))
    look = connects_->look(located.socket.cookie);
  if (look && is_held_by_connecter_alone(*look))
    if (std::optional<Located> connecter = locate_connecter(located.socket, *look)) {
      ++ways_.record;
      failure.group = connecter->group;
      failure.pid = connecter->pid;
      failure.binary = connecter->executable->path;
      return std::move(*connecter);
    }
  ++ways_.search;
  const std::vector<pid_t> members = TRY(find_group(located, failure));
  TRY(resolve_owners(members, located, failure));
  if (look) TRY(check_connecter(*look, located, failure));
  return located;
}

Result<void> Identifier::check_socket(const SocketTuple& tuple, const Located& located) {
  const SocketInfo socket = TRY_CONTEXT(query_.find(tuple), "the calling socket is gone");
  if (socket.inode != located.socket.inode || socket.cookie != located.socket.cookie)
    return make_error("the calling socket was replaced while it was identified");
  return {};
}

Result<void> Identifier::confirm_owners(const SocketTuple& tuple, const Located& located) {
  if (located.connecter) return {};
  TRY(check_socket(tuple, located));
  for (const Owner& owner : located.owners) {
    if (!still_holds(owner, located.socket.inode))
      return make_error("the calling process let go of its socket while it was identified");
    TRY(check_executable(owner, located));
  }
  return {};
}

Result<void> Identifier::confirm(const SocketTuple& tuple, const Located& located) {
  TRY(check_socket(tuple, located));
  std::optional<bpf::Look> look;
  if (connects_) look = connects_->look(located.socket.cookie);
  if (look && is_held_by_connecter_alone(*look) && located.connecter == look->process) return {};
  Located again;
  again.socket = located.socket;
  Failure ignored;
  TRY(find_group(again, ignored));
  if (again.group != located.group) return make_error("the calling socket went to another container");
  for (const Owner& owner : again.owners) TRY(check_executable(owner, located));
  if (look) return check_connecter(*look, located, ignored);
  return {};
}

}  // namespace nemoclaw::peer
