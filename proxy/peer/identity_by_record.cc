// The short way: the kernel says who connected, that this process alone holds the socket, what it executes and whose
// child it is. All that is left to /proc is what was not seen before.
#include <unistd.h>

#include <algorithm>

#include "proxy/peer/identity.h"
#include "runtime/base/procfs.h"

namespace nemoclaw::peer {

namespace {

uint64_t clock_ticks(uint64_t nanoseconds) {
  static const auto kNanosecondsPerTick = 1'000'000'000 / static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  return nanoseconds / kNanosecondsPerTick;
}

bool lives_in(const bpf::TaskView& process, const Namespaces& namespaces) {
  return process.mount_namespace == namespaces.mount &&
         (namespaces.user == 0 || process.user_namespace == namespaces.user);
}

// The process and its parents, as far as they were looked at: at most up to the host's first one.
std::vector<const bpf::TaskView*> chain_of(const bpf::Look& look) {
  std::vector<const bpf::TaskView*> chain = {&look.process};
  for (const bpf::TaskView& each : look.ancestors) {
    if (each.pid == 0) break;
    chain.push_back(&each);
  }
  return chain;
}

bool show_the_same(const bpf::Look& one, const bpf::Look& other) {
  return one.process == other.process && std::ranges::equal(one.ancestors, other.ancestors);
}

}  // namespace

// What one look is about, and what /proc had to be asked for it. Kept only if a second look shows the same: then it was
// of these processes, in this state.
class Identifier::Lookup {
 public:
  Lookup(Identifier& identifier, const bpf::Look& look) : identifier_(identifier), chain_(chain_of(look)) {}

  bool has_asked() const { return !groups_.empty() || !executables_.empty(); }
  std::optional<Located> find(const SocketInfo& socket);
  void keep();

 private:
  const std::string* group_of(const bpf::TaskView& process);
  std::optional<std::string> ask_group(const bpf::TaskView& process) const;
  std::shared_ptr<const Executable> executable_of(const bpf::TaskView& process, const Namespaces& namespaces);

  Identifier& identifier_;
  std::vector<const bpf::TaskView*> chain_;
  std::vector<std::pair<bpf::TaskView, std::string>> groups_;
  std::vector<std::pair<bpf::TaskView, std::shared_ptr<const Executable>>> executables_;
};

std::optional<std::string> Identifier::Lookup::ask_group(const bpf::TaskView& process) const {
  for (const Group& group : identifier_.groups_) {
    const Result<std::vector<pid_t>> members = list_members(group.cgroups);
    if (!members && members.error().errno_value == ENOENT && identifier_.groups_.size() > 1) continue;
    if (!members) return std::nullopt;
    if (std::binary_search(members->begin(), members->end(), static_cast<pid_t>(process.pid))) return group.id;
  }
  return Residents::kOutside;
}

const std::string* Identifier::Lookup::group_of(const bpf::TaskView& process) {
  Residents& residents = identifier_.residents_;
  if (const std::string* known = residents.find_group(process)) return known;
  for (const bpf::TaskView* other : chain_)
    if (const std::string* known = residents.find_group(*other); known && other->cgroups == process.cgroups) {
      residents.remember_group(process, std::string(*known));
      return residents.find_group(process);
    }
  std::optional<std::string> group = ask_group(process);
  if (!group) return nullptr;
  return &groups_.emplace_back(process, std::move(*group)).second;
}

std::shared_ptr<const Executable> Identifier::Lookup::executable_of(const bpf::TaskView& process,
                                                                    const Namespaces& namespaces) {
  if (!lives_in(process, namespaces)) return nullptr;
  if (auto known = identifier_.residents_.find_executable(process)) return known;
  for (const auto& [view, executable] : executables_)
    if (view.mount == process.mount && view.dentry == process.dentry) return executable;
  const Result<Fd> opened = procfs::open_process(static_cast<pid_t>(process.pid));
  if (!opened) return nullptr;
  Result<Executable> executable = open_executable(*opened);
  if (!executable) return nullptr;
  auto shared = std::make_shared<const Executable>(std::move(*executable));
  executables_.emplace_back(process, shared);
  return shared;
}

std::optional<Located> Identifier::Lookup::find(const SocketInfo& socket) {
  groups_.reserve(chain_.size());  // what group_of() returns points into it
  const std::string* own = group_of(*chain_.front());
  if (!own || *own == Residents::kOutside) return std::nullopt;
  Located located;
  located.group = *own;
  const auto group = std::ranges::find(identifier_.groups_, located.group, &Group::id);
  if (group == identifier_.groups_.end() || group->namespaces.mount == 0) return std::nullopt;
  const bpf::TaskView& process = *chain_.front();
  located.socket = socket;
  located.pid = static_cast<pid_t>(process.pid);
  located.owners = {Owner{located.pid, clock_ticks(process.start)}};
  located.connecter = process;
  located.executable = executable_of(process, group->namespaces);
  if (!located.executable) return std::nullopt;
  for (size_t at = 1; at < chain_.size(); ++at) {
    const std::string* parents = group_of(*chain_[at]);
    if (!parents) return std::nullopt;
    if (*parents != located.group) return located;
    // One that cannot be named is described by the search.
    auto executable = executable_of(*chain_[at], group->namespaces);
    if (!executable) return std::nullopt;
    located.ancestors.push_back({static_cast<pid_t>(chain_[at]->pid), executable->path, executable});
  }
  // All of them are the sandbox's, and it may go on beyond what the look shows.
  return std::nullopt;
}

void Identifier::Lookup::keep() {
  for (auto& [view, group] : groups_) identifier_.residents_.remember_group(view, std::move(group));
  for (auto& [view, executable] : executables_)
    identifier_.residents_.remember_executable(view, std::move(executable));
}

std::optional<Located> Identifier::locate_connecter(const SocketInfo& socket, const bpf::Look& look) {
  Lookup lookup(*this, look);
  std::optional<Located> located = lookup.find(socket);
  if (!lookup.has_asked()) return located;
  const std::optional<bpf::Look> again = connects_->look(socket.cookie);
  if (!again || !is_held_by_connecter_alone(*again) || !show_the_same(look, *again)) return std::nullopt;
  lookup.keep();
  return located;
}

// The process that connected is one of those that have to agree, even if it has given the socket away.
Result<void> Identifier::check_connecter(const bpf::Look& look, const Located& located, Failure& failure) {
  const auto pid = static_cast<pid_t>(look.record.pid);
  if (!is_connecter_unchanged(look)) {
    failure.code = "ambiguous_owner";
    return make_error(format("process %d made the connection, and has ended or executes something else since; "
                             "another one holds it now",
                             pid));
  }
  if (std::ranges::find(located.owners, pid, &Owner::pid) != located.owners.end()) return {};
  Fd process = TRY_CONTEXT(procfs::open_process(pid), "the process that made the connection is gone");
  const Result<Executable> executable = executable_in(process, namespaces_of_group(located.group, {}));
  const std::optional<bpf::Look> again = connects_->look(located.socket.cookie);
  if (!again || !is_connecter_unchanged(*again)) return make_error("the process that made the connection is gone");
  if (executable && executable->key == located.executable->key && executable->path == located.executable->path)
    return {};
  failure.code = "ambiguous_owner";
  return make_error("the connection was made by a process that executes another file than the one that holds it: " +
                    (executable ? quoted(executable->path) : executable.error().message) + " and " +
                    quoted(located.executable->path));
}

}  // namespace nemoclaw::peer
