// Paths: lexical helpers, and access inside a rootfs that no symbolic link can lead out of.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw {

// Lexical clean-up as Go's filepath.Clean: "." and ".." resolved, slashes collapsed, ".." above "/" dropped.
std::string clean_path(std::string_view path);
// Absolute: `path` itself if absolute, else below `base`; cleaned.
std::string absolute_path(std::string_view base, std::string_view path);
// True if `path` equals `ancestor` or lies below it; both cleaned and absolute.
bool path_is_below(std::string_view path, std::string_view ancestor);
std::string_view base_name(std::string_view path);
std::string directory_name(std::string_view path);

// openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: "/" and ".." and absolute links end at `root`.
// `path` is as seen from inside; flags as open(2) (O_CLOEXEC added).
Result<Fd> open_in_root(FdRef root, std::string_view path, int flags, mode_t mode = 0);
// A regular file, for reading. What an image may have put there instead is not even opened: to open a device (a
// watchdog, a tape) is to use it, and here nothing keeps the image's devices from being the host's.
Result<Fd> open_regular_in_root(FdRef root, std::string_view path);
// mkdir -p inside the root, following links in root only. Returns an O_PATH descriptor of the last directory.
Result<Fd> make_directories_in_root(FdRef root, std::string_view path, mode_t mode);
// Creates an empty regular file (and its parents) unless something is there; returns O_PATH. Never creates through a
// link that leads nowhere: that is an error.
Result<Fd> make_file_in_root(FdRef root, std::string_view path, mode_t mode);
// "/proc/self/fd/N" for system calls that take only a path.
std::string fd_path(FdRef fd);
// readlink(2) of fd_path(fd): where the descriptor really points.
Result<std::string> real_path_of(FdRef fd);

}  // namespace nemoclaw
