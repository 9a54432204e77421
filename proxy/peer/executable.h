// The file that a process executes: opened once through /proc/<pid>/exe, and from then on known by that
// descriptor. Its path is what the kernel shows for it inside the container; argv and comm say nothing.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::peer {

// Changes whenever the content can have changed (ctime cannot be set back by a process).
struct FileKey {
  uint64_t device = 0, inode = 0;
  int64_t size = 0, mtime_ns = 0, ctime_ns = 0;
  auto operator<=>(const FileKey&) const = default;
};
FileKey file_key(const struct stat& status);

struct Executable {
  Fd file;
  FileKey key;
  std::string path;  // from the root of the process's mount namespace
};

// `process` is a descriptor of /proc/<pid>. An error for executables that have no name any more (deleted,
// memfd): what cannot be named cannot be allowed.
Result<Executable> open_executable(FdRef process);

// A file may have holes, and cost its owner nothing; whoever hashes it reads them all.
inline constexpr off_t kExecutableBytesMax = off_t{4} << 30;

// SHA-256 of one file in steps, so that a large binary does not hold up the event loop.
class HashJob {
 public:
  static Result<HashJob> create(FdRef file);
  HashJob(HashJob&&) noexcept;
  HashJob& operator=(HashJob&&) noexcept;
  ~HashJob();

  // Reads at most `bytes_max` more; the lower-case hex digest once the end is reached.
  Result<std::optional<std::string>> step(size_t bytes_max);

 private:
  HashJob();
  struct State;
  std::unique_ptr<State> state_;
};

Result<std::string> hash_file(FdRef file);

// Digests by key; starts anew when it is full.
class HashCache {
 public:
  std::optional<std::string> find(const FileKey& key) const;
  // `now_ns`: of the wall clock, when the file had been read. What changed within two seconds before it is not kept.
  void store(const FileKey& key, std::string digest, int64_t now_ns);

 private:
  static constexpr size_t kEntriesMax = 1024;
  static constexpr int64_t kClockCoarsenessNs = 2'000'000'000;
  std::map<FileKey, std::string> digests_;
};

}  // namespace nemoclaw::peer
