// Who is calling: from a connection to executables. Identification is in two steps, because hashing is slow:
// locate() finds processes and opens their executables; the caller then hashes what is not cached and asks
// confirm() whether the answer still holds.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/peer/connects.h"
#include "proxy/peer/executable.h"
#include "proxy/peer/processes.h"
#include "proxy/peer/residents.h"
#include "proxy/peer/socket_query.h"
#include "proxy/peer/socket_tables.h"

namespace nemoclaw::peer {

struct Ancestor {
  pid_t pid = 0;
  std::string path;  // as shown; not empty even if it cannot be trusted
  std::shared_ptr<const Executable> executable;  // null: it could not be opened (deleted, memfd, foreign namespace)
};

struct Located {
  std::string group;  // whose members the owners are
  SocketInfo socket;
  std::vector<Owner> owners;  // all of them execute the same file
  pid_t pid = 0;              // the first owner
  std::shared_ptr<const Executable> executable;
  std::vector<Ancestor> ancestors;  // nearest parent first, within the sandbox
  // Everything above was so at one moment, after connect(2) and with nothing executed in between.
  std::optional<bpf::TaskView> connecter;
};

struct Failure {
  std::string code;  // "policy_denied" or "ambiguous_owner"
  std::string reason;
  std::string group;  // empty: unknown
  pid_t pid = 0;      // as far as it was known
  uint32_t uid = 0;
  bool uid_known = false;
  std::string binary;
};

// Where a path names the container's file, and /proc says the truth about who executes it.
struct Namespaces {
  uint64_t mount = 0, user = 0;  // inodes of nsfs; user 0: any
};

// One container: the processes in these cgroup directories (the same ones in every hierarchy).
struct Group {
  std::string id;
  std::vector<std::string> cgroups;
  Namespaces namespaces = {};  // in which it was created; mount 0: unknown, the oldest process counts
};

// How callers were found: by the kernel's record of connect(2), or by searching the sandbox's processes.
struct Ways {
  uint64_t record = 0, search = 0;
};

// An error if the process is not in these namespaces: what it executes would have another name there, or a forged one.
Result<Executable> executable_in(FdRef process, const Namespaces& namespaces);

class Identifier {
 public:
  Identifier(SocketQuery query, Group first) : query_(std::move(query)), groups_{std::move(first)} {}

  // A further container of the sandbox; replaces one of the same id. An error if it cannot be told apart from
  // another: the same cgroup, or one inside the other.
  Result<void> add_group(Group group);
  void remove_group(const std::string& id);

  // From now on what connected is asked first. It says more than a search can: the process that connected must agree
  // with those that hold the socket now, though it may have passed it on.
  void use_connects(Connects connects) { connects_ = std::move(connects); }
  bool uses_connects() const { return connects_.has_value(); }
  const Ways& ways() const { return ways_; }

  // Error::message says why; `failure` is filled with what is known nevertheless.
  Result<Located> locate(const SocketTuple& tuple, Failure& failure);
  // After hashing: the same socket, held by the same processes, which execute the same file.
  Result<void> confirm(const SocketTuple& tuple, const Located& located);
  // The same without looking for new holders: for an answer that is as old as the look at its executables. What it
  // excludes is that a process held the socket, and had executed another file by the time of that look.
  Result<void> confirm_owners(const SocketTuple& tuple, const Located& located);

 private:
  Result<void> check_socket(const SocketTuple& tuple, const Located& located);
  Result<std::vector<pid_t>> find_group(Located& located, Failure& failure);
  Result<void> resolve_owners(const std::vector<pid_t>& members, Located& located, Failure& failure);
  class Lookup;
  std::optional<Located> locate_connecter(const SocketInfo& socket, const bpf::Look& look);
  Result<void> check_connecter(const bpf::Look& look, const Located& located, Failure& failure);

  Namespaces namespaces_of_group(const std::string& group, const std::vector<pid_t>& members);

  struct Oldest {
    pid_t pid = 0;
    uint64_t start_time = 0;
  };

  SocketQuery query_;
  std::vector<Group> groups_;
  std::map<std::string, Oldest> oldest_;  // by group: nobody who comes later can be older
  SocketTables tables_;
  std::optional<Connects> connects_;
  Residents residents_;
  Ways ways_;
};

// The chain of parents of `pid` that are in `members`; stops where the sandbox ends.
std::vector<Ancestor> find_ancestors(pid_t pid, const std::vector<pid_t>& members,
                                     const Namespaces& namespaces);

}  // namespace nemoclaw::peer
