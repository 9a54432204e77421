#include "proxy/peer/socket_tables.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "runtime/base/file.h"
#include "runtime/base/procfs.h"

namespace nemoclaw::peer {

namespace {

constexpr size_t kTablesMax = 1024, kSocketsMax = 16384;

// Not even about to run: the kernel names the place where it sleeps only when it has been taken off the queue. Its
// state would not do, because a process is "sleeping" a little before it really leaves the processor.
bool is_off_the_processor(FdRef process) {
  const Result<std::string> place = read_file_at(process, "wchan", 256);
  return place && !place->empty() && *place != "0";
}

const std::pair<uint64_t, int>* find_socket(const SocketTable& table, uint64_t inode) {
  const auto found = std::lower_bound(table.begin(), table.end(), std::pair(inode, -1));
  return found != table.end() && found->first == inode ? &*found : nullptr;
}

}  // namespace

SocketTables::SocketTables() {
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  tables_max_ = std::min<size_t>(kTablesMax, files.rlim_cur / 16);
}

bool SocketTables::read_account(const Fd& file, Account& account) {
  account = {};
  const ssize_t length = pread(file.raw(), account.text.data(), account.text.size(), 0);
  if (length <= 0) return false;  // it is gone
  // A kernel that keeps no account says "0 0 0".
  return !std::string_view(account.text.data(), static_cast<size_t>(length)).ends_with(" 0\n");
}

Result<void> SocketTables::add_owner(pid_t pid, uint64_t socket_inode, std::vector<Owner>& owners) {
  const auto known = tables_.find(pid);
  if (known == tables_.end()) return read_table(pid, socket_inode, owners);
  Account now;
  if (!read_account(known->second.account_file, now) || now != known->second.account) {
    tables_.erase(known);
    return read_table(pid, socket_inode, owners);
  }
  if (const auto* socket = find_socket(known->second.sockets, socket_inode))
    owners.push_back(Owner{pid, known->second.start_time, socket->second});
  return {};
}

Result<void> SocketTables::read_table(pid_t pid, uint64_t socket_inode, std::vector<Owner>& owners) {
  const Result<Fd> process = procfs::open_process(pid);
  if (!process) {
    if (is_gone(process.error())) return {};
    return Error(process.error());
  }
  Table table;
  Account after;
  Result<Fd> account_file = open_file(*process, "schedstat", O_RDONLY);
  const bool has_account = account_file && read_account(*account_file, table.account);
  // The account is of one thread.
  const bool alone = has_account && has_one_thread(*process);
  std::optional<SocketTable> sockets;
  if (alone) sockets = TRY(read_sockets(*process));
  Holding holding;
  if (!sockets)
    holding = TRY(holds(*process, pid, socket_inode));
  else if (const auto* socket = find_socket(*sockets, socket_inode))
    holding = {true, socket->second};
  if (!holding.is_held && !sockets) return {};
  // Of the same process: the descriptor of /proc/<pid> does not pass to a successor of the pid.
  const Result<procfs::Stat> stat = procfs::stat_at(*process);
  if (!stat) {
    if (holding.is_held && !is_gone(stat.error())) return Error(stat.error());
    return {};
  }
  if (holding.is_held) owners.push_back(Owner{pid, stat->start_time, holding.fd});
  if (!sockets || sockets->size() > kSocketsMax || tables_.size() >= tables_max_) return {};
  // Worth remembering if it has not run while its table was read, and does not now.
  if (!is_off_the_processor(*process) || !read_account(*account_file, after) || after != table.account) return {};
  table.account_file = std::move(*account_file);
  table.start_time = stat->start_time;
  table.sockets = std::move(*sockets);
  tables_.emplace(pid, std::move(table));
  return {};
}

void SocketTables::forget_others(const std::vector<pid_t>& members) {
  std::erase_if(tables_, [&](const auto& known) {
    return !std::binary_search(members.begin(), members.end(), known.first);
  });
}

Result<std::vector<Owner>> SocketTables::find_owners(const std::vector<pid_t>& members, uint64_t socket_inode) {
  // Of processes that have ended, and of other containers, which are read again when they are asked about.
  if (tables_.size() > 2 * members.size() + 64 || tables_.size() >= tables_max_) forget_others(members);
  std::vector<Owner> owners;
  for (const pid_t pid : members) TRY(add_owner(pid, socket_inode, owners));
  return owners;
}

}  // namespace nemoclaw::peer
