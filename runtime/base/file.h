// Whole-file reads and writes relative to a directory descriptor. All descriptors are CLOEXEC from creation.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw {

// open(2)/openat(2) with O_CLOEXEC added.
Result<Fd> open_file(FdRef directory, const std::string& path, int flags, mode_t mode = 0);
Result<Fd> open_file(const std::string& path, int flags, mode_t mode = 0);

// Refuses a file of more than `bytes_max` bytes (EFBIG) without reading it whole.
Result<std::string> read_file(const std::string& path, size_t bytes_max = size_t{64} << 20);
Result<std::string> read_file_at(FdRef directory, const std::string& path, size_t bytes_max = size_t{64} << 20);
Result<std::string> read_all(FdRef fd, size_t bytes_max = size_t{64} << 20);

Result<void> write_all(FdRef fd, std::string_view data);
// One write(2) to an existing file: what cgroup, procfs and sysctl files want.
Result<void> write_file_at(FdRef directory, const std::string& path, std::string_view data);
Result<void> write_file(const std::string& path, std::string_view data);
// Temporary name in the same directory + rename: readers see the old content or the new, never a part.
Result<void> write_file_atomic(const std::string& path, std::string_view data, mode_t mode);

Result<void> make_directories(const std::string& path, mode_t mode);  // mkdir -p; existing is fine
// Removes a tree that we own (state, sandbox directory). Never follows a symbolic link; absent is fine.
Result<void> remove_tree(const std::string& path);
Result<std::vector<std::string>> list_directory(const std::string& path);  // names without . and .., sorted
bool file_exists(const std::string& path);

Result<void> set_cloexec(FdRef fd, bool on);

}  // namespace nemoclaw
