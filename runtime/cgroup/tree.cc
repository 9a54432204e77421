#include "runtime/cgroup/tree.h"

#include <dirent.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::cgroup {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

std::vector<std::string> child_directories(const std::string& path) {
  std::vector<std::string> children;
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir(path.c_str()));
  if (!directory) return children;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status = {};
    const bool folder =
        entry->d_type == DT_DIR ||
        (entry->d_type == DT_UNKNOWN && lstat((path + "/" + entry->d_name).c_str(), &status) == 0 &&
         S_ISDIR(status.st_mode));
    if (folder) children.push_back(path + "/" + entry->d_name);
  }
  return children;
}

// One try at a whole tree, leaves first. 0, or the errno that stopped it.
int remove_once(const std::string& directory, int depth) {
  if (rmdir(directory.c_str()) == 0 || errno == ENOENT) return 0;
  if (errno != EBUSY && errno != ENOTEMPTY) return errno;
  // A container can make very deep trees; cgroup.max.depth and the path's length end them before this does.
  if (depth > 512) return ELOOP;
  int first = 0;
  for (const std::string& child : child_directories(directory)) {
    const int code = remove_once(child, depth + 1);
    if (first == 0) first = code;
  }
  if (first != 0) return first;
  return rmdir(directory.c_str()) == 0 || errno == ENOENT ? 0 : errno;
}

void sleep_ms(int ms) {
  const timespec pause = {ms / 1000, (ms % 1000) * 1'000'000L};
  nanosleep(&pause, nullptr);
}

Error busy_error(const std::string& directory, int code) {
  Error error = errno_error("remove cgroup " + quoted(directory), code);
  const Result<std::vector<pid_t>> left = list_processes(directory, true);
  if (left && !left->empty())
    error.message += format(" (%zu processes are still in it, the first is %d)", left->size(), left->front());
  return error;
}

}  // namespace

Result<void> make_cgroup(const std::string& mount_point, const std::string& directory,
                         std::vector<std::string>& created) {
  if (mkdir(directory.c_str(), 0755) == 0) {
    created.push_back(directory);
    return {};
  }
  if (errno == EEXIST) return {};
  if (errno != ENOENT || directory == mount_point || !path_is_below(directory, mount_point))
    return errno_error("make cgroup " + quoted(directory));
  TRY(make_cgroup(mount_point, directory_name(directory), created));
  if (mkdir(directory.c_str(), 0755) == 0)
    created.push_back(directory);
  else if (errno != EEXIST)
    return errno_error("make cgroup " + quoted(directory));
  return {};
}

void remove_created(const std::vector<std::string>& created) {
  for (auto each = created.rbegin(); each != created.rend(); ++each) rmdir(each->c_str());
}

Result<void> remove_cgroups(const std::vector<std::string>& directories) {
  std::vector<const std::string*> left;
  for (const std::string& each : directories) left.push_back(&each);
  int waited_ms = 0;
  for (int pause_ms = 1;; pause_ms = std::min(pause_ms * 2, 100)) {
    std::vector<const std::string*> busy;
    for (const std::string* each : left) {
      const int code = remove_once(*each, 0);
      if (code == EBUSY || code == ENOTEMPTY)
        busy.push_back(each);
      else if (code != 0)
        return errno_error("remove cgroup " + quoted(*each), code);
    }
    if (busy.empty()) return {};
    if (waited_ms >= 2000) return busy_error(*busy[0], EBUSY);
    sleep_ms(pause_ms);
    waited_ms += pause_ms;
    left = std::move(busy);
  }
}

Result<std::vector<pid_t>> parse_processes(std::string_view text) {
  std::vector<pid_t> pids;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    pid_t pid = 0;
    const auto end = std::from_chars(line.data(), line.data() + line.size(), pid);
    if (end.ec != std::errc() || end.ptr != line.data() + line.size() || pid < 0)
      return make_error("malformed line in cgroup.procs: " + quoted(line, 40));
    // 0: a process of a PID namespace that ours cannot see; it cannot be signalled from here.
    if (pid > 0) pids.push_back(pid);
  }
  return pids;
}

namespace {

// cgroup.threads names threads; a process counts where its first thread is.
std::vector<pid_t> first_threads(const std::vector<pid_t>& threads) {
  std::vector<pid_t> pids;
  for (const pid_t each : threads) {
    const Result<std::string> status = read_file(format("/proc/%d/status", each), 16384);
    if (status && status->find(format("\nTgid:\t%d\n", each)) != std::string::npos) pids.push_back(each);
  }
  return pids;
}

// `threads`: the cgroup at the top is a threaded one, so all below it are, too.
Result<std::vector<pid_t>> list_below(const std::string& directory, bool recursive, bool threads, bool top) {
  std::vector<pid_t> pids;
  Result<std::string> text = read_file(directory + (threads ? "/cgroup.threads" : "/cgroup.procs"));
  if (text) {
    pids = TRY_CONTEXT(parse_processes(*text), directory);
    if (threads) pids = first_threads(pids);
  } else if (const int code = text.error().errno_value; code == ENOENT || code == ENODEV) {
    return pids;
  } else if (code == EOPNOTSUPP && top && !threads) {
    return list_below(directory, recursive, true, true);
  } else if (code != EOPNOTSUPP) {  // a threaded cgroup (v2) lists its processes in its domain's file
    return std::move(text).error();
  }
  if (!recursive) return pids;
  for (const std::string& child : child_directories(directory)) {
    const std::vector<pid_t> below = TRY(list_below(child, true, threads, false));
    pids.insert(pids.end(), below.begin(), below.end());
  }
  return pids;
}

}  // namespace

Result<std::vector<pid_t>> list_processes(const std::string& directory, bool recursive) {
  return list_below(directory, recursive, false, true);
}

std::optional<uint64_t> read_number(const std::string& file) {
  const Result<std::string> text = read_file(file, 4096);
  if (!text) return std::nullopt;
  if (text->starts_with("max")) return UINT64_MAX;
  uint64_t number = 0;
  if (std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc())
    return std::nullopt;
  return number;
}

std::optional<uint64_t> find_number(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ') continue;
    uint64_t number = 0;
    const char* begin = line.data() + key.size() + 1;
    if (std::from_chars(begin, line.data() + line.size(), number).ec == std::errc()) return number;
  }
  return std::nullopt;
}

}  // namespace nemoclaw::cgroup
