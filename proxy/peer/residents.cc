#include "proxy/peer/residents.h"

namespace nemoclaw::peer {

const std::string* Residents::find_group(const bpf::TaskView& process) const {
  const auto known = groups_.find({process.pid, process.start});
  return known != groups_.end() && known->second.view == process ? &known->second.group : nullptr;
}

void Residents::remember_group(const bpf::TaskView& process, std::string group) {
  if (groups_.size() >= kProcessesMax) groups_.clear();
  groups_.insert_or_assign({process.pid, process.start}, Resident{process, std::move(group)});
}

std::shared_ptr<const Executable> Residents::find_executable(const bpf::TaskView& process) {
  const auto known = executables_.find({process.mount, process.dentry});
  if (known == executables_.end()) return nullptr;
  struct stat status;
  // Written to, renamed or removed: all of it changes the inode, and what its path is has to be asked again.
  if (fstat(known->second->file.raw(), &status) != 0 || status.st_nlink == 0 ||
      file_key(status) != known->second->key) {
    executables_.erase(known);
    return nullptr;
  }
  return known->second;
}

void Residents::remember_executable(const bpf::TaskView& process, std::shared_ptr<const Executable> executable) {
  if (executables_.size() >= kExecutablesMax) executables_.clear();
  executables_.insert_or_assign({process.mount, process.dentry}, std::move(executable));
}

}  // namespace nemoclaw::peer
