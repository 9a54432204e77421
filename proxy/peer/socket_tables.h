// Who holds a socket, for many processes and many questions. Every answer takes every process into account; what it
// does not do is to read again the descriptors of one that has not run since they were read: only a process
// itself changes its table. That it has not run is said by the kernel's account of its time on a processor, which
// costs a microsecond; a table costs two for each descriptor.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "proxy/peer/processes.h"
#include "runtime/base/fd.h"

namespace nemoclaw::peer {

class SocketTables {
 public:
  SocketTables();
  // Those of `members` (sorted) that hold the socket with this inode, in any of their threads.
  // An error if one of them cannot be looked at: it could be the holder.
  Result<std::vector<Owner>> find_owners(const std::vector<pid_t>& members, uint64_t socket_inode);
  size_t remembered() const { return tables_.size(); }

 private:
  // "<nanoseconds on a processor> <nanoseconds waiting for one> <times put on one>"
  struct Account {
    std::array<char, 72> text = {};
    friend bool operator==(const Account&, const Account&) = default;
  };
  struct Table {
    Fd account_file;  // of this very process, not of a later one with its pid
    Account account;
    uint64_t start_time = 0;
    SocketTable sockets;
  };

  static bool read_account(const Fd& file, Account& account);
  Result<void> add_owner(pid_t pid, uint64_t socket_inode, std::vector<Owner>& owners);
  Result<void> read_table(pid_t pid, uint64_t socket_inode, std::vector<Owner>& owners);
  void forget_others(const std::vector<pid_t>& members);

  size_t tables_max_;  // each keeps a descriptor open
  std::map<pid_t, Table> tables_;
};

}  // namespace nemoclaw::peer
