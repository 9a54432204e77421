// What /proc said about processes, kept for as long as the kernel shows them unchanged: of which container they are, and
// what they execute. A process that was never seen costs nothing more than a look if it executes what is known
// already, in the cgroups of a parent that is known.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "proxy/peer/executable.h"
#include "runtime/bpf/connect_record.h"

namespace nemoclaw::peer {

class Residents {
 public:
  static constexpr const char* kOutside = "";  // of no container of the sandbox

  // nullptr: not known, or not in this state.
  const std::string* find_group(const bpf::TaskView& process) const;
  void remember_group(const bpf::TaskView& process, std::string group);
  // What a process with this view executes; null if it is not known, or the file has changed since.
  std::shared_ptr<const Executable> find_executable(const bpf::TaskView& process);
  void remember_executable(const bpf::TaskView& process, std::shared_ptr<const Executable> executable);
  // The containers of the sandbox have changed.
  void forget_groups() { groups_.clear(); }

 private:
  static constexpr size_t kProcessesMax = 1024;
  static constexpr size_t kExecutablesMax = 64;  // each keeps a descriptor open
  struct Resident {
    bpf::TaskView view;
    std::string group;
  };
  std::map<std::pair<uint32_t, uint64_t>, Resident> groups_;  // by pid and start
  // By mount and dentry, which cannot be another file's: the open descriptor holds both.
  std::map<std::pair<uint64_t, uint64_t>, std::shared_ptr<const Executable>> executables_;
};

}  // namespace nemoclaw::peer
