#include "runtime/init/own_binary.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "runtime/base/file.h"
#include "runtime/base/sys_mount.h"
#include "runtime/base/sys_process.h"

namespace nemoclaw::init {

namespace {

constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

// Without CAP_SYS_ADMIN there are no bind mounts: a sealed copy in memory does the same for more time and
// memory.
Result<Fd> sealed_copy() {
  Fd source = TRY(open_file("/proc/self/exe", O_RDONLY));
  Fd copy(memfd_create("nemoclaw-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy.valid()) return errno_error("memfd_create");
  ssize_t moved;
  while ((moved = sendfile(copy.raw(), source.raw(), nullptr, 1 << 24)) > 0) {
  }
  if (moved < 0) return errno_error("copy the runtime's binary");
  if (fchmod(copy.raw(), 0555) != 0) return errno_error("chmod");
  if (fcntl(copy.raw(), F_ADD_SEALS, all_seals) != 0) return errno_error("seal");
  return copy;
}

Result<Fd> read_only_view() {
  Fd tree = TRY(sys::open_tree_clone(FdRef::cwd(), "/proc/self/exe", 0));
  TRY(sys::mount_setattr(tree, {.set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE}, false));
  return tree;
}

}  // namespace

bool own_binary_is_protected() {
  struct statvfs facts;
  if (statvfs("/proc/self/exe", &facts) == 0 && (facts.f_flag & ST_RDONLY) != 0) return true;
  Result<Fd> self = open_file("/proc/self/exe", O_RDONLY);
  if (!self) return false;
  return fcntl(self->raw(), F_GET_SEALS) == all_seals;
}

Result<void> protect_own_binary() {
  if (own_binary_is_protected()) return {};
  std::string line = TRY(read_file("/proc/self/cmdline"));
  std::vector<char*> argv;
  for (size_t at = 0; at < line.size(); at += strlen(line.c_str() + at) + 1) argv.push_back(line.data() + at);
  argv.push_back(nullptr);
  const std::string path = TRY(sys::program_path());
  if (setenv(sys::program_path_variable, path.c_str(), 1) != 0) return errno_error("setenv");
  Result<Fd> view = read_only_view();
  if (!view) view = sealed_copy();
  if (!view) return std::move(view).error().with_context("protect the runtime's binary");
  execveat(view->raw(), "", argv.data(), environ, AT_EMPTY_PATH);
  return errno_error("protect the runtime's binary: execveat");
}

Result<void> hide_process() {
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return errno_error("PR_SET_DUMPABLE");
  return {};
}

}  // namespace nemoclaw::init
