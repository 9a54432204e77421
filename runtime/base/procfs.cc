#include "runtime/base/procfs.h"

#include <charconv>

#include "runtime/base/file.h"

namespace nemoclaw::procfs {

Result<Fd> open_process(pid_t pid) { return open_file(format("/proc/%d", pid), O_PATH | O_DIRECTORY); }

Result<Stat> stat(pid_t pid) {
  const std::string text = TRY(read_file(format("/proc/%d/stat", pid), 4096));
  return parse_stat(text);
}

Result<Stat> stat_at(FdRef process) {
  const std::string text = TRY(read_file_at(process, "stat", 4096));
  return parse_stat(text);
}

Result<Stat> parse_stat(std::string_view text) {
  const auto bad = [&] { return make_error("malformed stat line " + quoted(text, 80)); };
  const size_t open = text.find('('), close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return bad();
  Stat stat;
  const auto pid = std::from_chars(text.data(), text.data() + open, stat.pid);
  if (pid.ec != std::errc()) return bad();
  stat.comm = text.substr(open + 1, close - open - 1);
  std::string_view rest = text.substr(close + 1);
  // Field 3 (state) is the first of the rest; start time is field 22.
  for (int field = 3; field <= 22; ++field) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::string_view word = rest.substr(0, rest.find_first_of(" \n"));
    if (word.empty()) return bad();
    rest.remove_prefix(word.size());
    std::errc code{};
    if (field == 3) stat.state = word[0];
    if (field == 4) code = std::from_chars(word.data(), word.data() + word.size(), stat.parent).ec;
    if (field == 22) code = std::from_chars(word.data(), word.data() + word.size(), stat.start_time).ec;
    if (code != std::errc()) return bad();
  }
  return stat;
}

bool is_alive(pid_t pid, uint64_t start_time) {
  const Result<Stat> now = stat(pid);
  return now && now->start_time == start_time && now->state != 'Z' && now->state != 'X';
}

bool is_partial_map(std::string_view uid_map) {
  unsigned long long inside = 0, outside = 0, count = 0;
  const std::string line(uid_map.substr(0, uid_map.find('\n')));
  if (sscanf(line.c_str(), "%llu %llu %llu", &inside, &outside, &count) != 3) return !uid_map.empty();
  return inside != 0 || outside != 0 || count != 4294967295ULL;
}

bool in_user_namespace() {
  // Without user namespaces in the kernel there is no such file.
  const Result<std::string> map = read_file("/proc/self/uid_map", 65536);
  return map && is_partial_map(*map);
}

}  // namespace nemoclaw::procfs
