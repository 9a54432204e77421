#include "hooks/run_lock.h"

#include <poll.h>
#include <sys/file.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::hooks {

Result<Fd> lock_run_directory(const std::string& sandbox_directory, RunLock kind) {
  const std::string path(directory_name(sandbox_directory));
  Fd directory = TRY(open_file(path, O_RDONLY | O_DIRECTORY));
  const int operation = (kind == RunLock::Exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB;
  for (int tries = 0; flock(directory.raw(), operation) != 0; ++tries) {
    if (errno != EWOULDBLOCK && errno != EINTR) return errno_error("lock " + path);
    if (tries >= 1000) return make_error(path + " stayed locked for five seconds");
    poll(nullptr, 0, 5);
  }
  return directory;
}

}  // namespace nemoclaw::hooks
