#include "runtime/init/terminal.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "runtime/base/channel.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/sys_mount.h"
#include "runtime/isolation/mount_target.h"

namespace nemoclaw::init {

namespace {

Result<Fd> open_master(FdRef root) {
  Fd master = TRY(open_in_root(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW));
  struct stat status;
  struct statfs facts;
  if (fstat(master.raw(), &status) != 0 || fstatfs(master.raw(), &facts) != 0)
    return errno_error("stat /dev/pts/ptmx");
  if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(5, 2) || facts.f_type != DEVPTS_SUPER_MAGIC)
    return make_error("/dev/pts/ptmx is not the multiplexer of a devpts; mount devpts on /dev/pts");
  return master;
}

Result<void> mount_console(FdRef root, FdRef slave) {
  Fd target = TRY(isolation::open_file_target(root, "/dev/console"));
  Fd tree = TRY(sys::open_tree_clone(slave, "", 0));
  return sys::move_mount(tree, target);
}

}  // namespace

Result<void> make_terminal(FdRef console_socket, const std::optional<oci::Box>& size, bool bind_console) {
  Fd root = TRY(open_file("/", O_PATH | O_DIRECTORY));
  Fd master = TRY(open_master(root));
  int unlock = 0;
  if (ioctl(master.raw(), TIOCSPTLCK, &unlock) != 0) return errno_error("unlock the pty");
  unsigned number = 0;
  if (ioctl(master.raw(), TIOCGPTN, &number) != 0) return errno_error("number of the pty");
  Fd slave(ioctl(master.raw(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave.valid()) return errno_error("open the pty's slave");
  if (size && (size->width != 0 || size->height != 0)) {
    winsize window = {};
    window.ws_row = static_cast<unsigned short>(size->height);
    window.ws_col = static_cast<unsigned short>(size->width);
    if (ioctl(master.raw(), TIOCSWINSZ, &window) != 0) return errno_error("set the console's size");
  }
  if (bind_console) TRY_CONTEXT(mount_console(root, slave), "mount '/dev/console'");
  TRY_CONTEXT(send_descriptor(console_socket, master, format("/dev/pts/%u", number)), "console socket");
  if (ioctl(slave.raw(), TIOCSCTTY, 0) != 0) return errno_error("make the pty the controlling terminal");
  for (int stream = 0; stream <= 2; ++stream)
    if (dup2(slave.raw(), stream) < 0) return errno_error("dup2");
  return {};
}

}  // namespace nemoclaw::init
