#include "runtime/container/state_store.h"

#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "runtime/base/defer.h"
#include "runtime/base/file.h"
#include "runtime/base/ids.h"
#include "runtime/init/launch.h"

namespace nemoclaw::container {

namespace {

constexpr char kStateFile[] = "state.json";

Error no_such_container() { return Error{kNoSuchContainer, "container does not exist", 1}; }

Result<void> lock_directory(FdRef directory) {
  while (flock(directory.raw(), LOCK_EX) != 0)
    if (errno != EINTR) return errno_error("lock the container's state directory");
  return {};
}

// A create that was killed before its first record leaves nothing, or the temporary file of that record.
bool is_abandoned_reservation(const std::string& path) {
  const Result<std::vector<std::string>> names = list_directory(path);
  if (!names) return false;
  for (const std::string& name : *names)
    if (!name.starts_with("state.json.") || !name.ends_with(".tmp")) return false;
  return true;
}

// The mounts of a container without a mount namespace of its own, each with all that is below it.
Result<void> detach_mounts(const std::string& mount_point) {
  while (umount2(mount_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
  }
  const int cause = errno;
  // EPERM: who may not unmount could not mount either, unless another did it.
  if (cause == EINVAL || cause == ENOENT || (cause == EPERM && !file_exists(mount_point))) return {};
  errno = cause;
  return errno_error("detach " + quoted(mount_point));
}

}  // namespace

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      directory_(std::move(other.directory_)),
      just_read_(std::exchange(other.just_read_, std::nullopt)),
      locked_(std::exchange(other.locked_, false)) {}

StateDirectory& StateDirectory::operator=(StateDirectory&& other) noexcept {
  if (this != &other) {
    unlock();
    path_ = std::move(other.path_);
    directory_ = std::move(other.directory_);
    just_read_ = std::exchange(other.just_read_, std::nullopt);
    locked_ = std::exchange(other.locked_, false);
  }
  return *this;
}

void StateDirectory::unlock() {
  // Explicitly, not by closing: the container's init inherits the open file description and would keep the
  // lock.
  if (locked_) flock(directory_.raw(), LOCK_UN);
  locked_ = false;
}

Result<oci::StateRecord> decode_own_record(std::string_view text, const std::string& id) {
  oci::StateRecord record = TRY(oci::decode_state_record(text));
  // runc's state.json has an "id" too, but no "bundle".
  if (record.id != id || record.bundle.empty()) return make_error("not a state file of nemoclaw-runtime");
  return record;
}

Result<oci::StateRecord> StateDirectory::read_record() {
  if (std::optional<oci::StateRecord> known = std::exchange(just_read_, std::nullopt)) return std::move(*known);
  const std::string text = TRY(read_file_at(directory_, kStateFile));
  return TRY_CONTEXT(decode_own_record(text, std::string(path_, path_.rfind('/') + 1)),
                     path_ + "/state.json");
}

Result<void> StateDirectory::write_record(const oci::StateRecord& record) const {
  return write_file_atomic(path_ + "/" + kStateFile, oci::encode_state_record(record), 0600);
}

Result<oci::EffectiveSpec> StateDirectory::read_effective() const {
  const std::string text = TRY(read_file_at(directory_, kEffectiveFile));
  return TRY_CONTEXT(oci::decode_effective_spec(text), path_ + "/effective.json");
}

Result<void> StateDirectory::write_effective(const oci::EffectiveSpec& effective) const {
  return write_file_atomic(path_ + "/" + kEffectiveFile, oci::encode_effective_spec(effective), 0600);
}

bool StateDirectory::is_locked_elsewhere() const {
  if (locked_) return false;
  // A second description of the same directory, so that the test cannot disturb a lock of our own.
  const Result<Fd> probe = open_file(path_, O_RDONLY | O_DIRECTORY);
  if (!probe) return false;
  return flock(probe->raw(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

bool StateDirectory::has(const char* name) const {
  return faccessat(directory_.raw(), name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

// The record goes last: a delete that is killed on the way leaves a container that can be deleted again, or a directory
// that looks like an abandoned reservation.
Result<void> StateDirectory::remove() {
  // Before anything is removed: behind it are the files of the container's root, not ours.
  TRY(detach_mounts(path_ + "/" + init::kHostMountDirectory));
  for (const std::string& name : TRY(list_directory(path_)))
    if (name != kStateFile) TRY(remove_tree(path_ + "/" + name));
  if (unlinkat(directory_.raw(), kStateFile, 0) != 0 && errno != ENOENT) return errno_error("remove " + path_);
  if (rmdir(path_.c_str()) != 0 && errno != ENOENT) return errno_error("remove " + path_);
  return {};
}

Result<StateDirectory> StateStore::reserve(const std::string& id) const {
  TRY(check_container_id(id));
  TRY_CONTEXT(make_directories(root_, 0711), "--root");
  const std::string path = root_ + "/" + id;
  if (mkdir(path.c_str(), 0711) != 0) {
    if (errno == EEXIST) return make_error("container with given ID already exists");
    return errno_error("mkdir " + quoted(path));
  }
  Defer undo([&] { rmdir(path.c_str()); });
  Fd directory = TRY(open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  TRY(lock_directory(directory));
  undo.dismiss();
  return StateDirectory(path, std::move(directory), true);
}

Result<StateDirectory> StateStore::open(const std::string& id, Lock lock) const {
  TRY(check_container_id(id));
  const std::string path = root_ + "/" + id;
  Result<Fd> opened = open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!opened) {
    const int cause = opened.error().errno_value;
    if (cause == ENOENT || cause == ENOTDIR || cause == ELOOP) return no_such_container();
    return std::move(opened).error();
  }
  StateDirectory directory(path, std::move(*opened), false);
  // Before the lock: nobody may be kept waiting for a directory that another runtime owns.
  Result<oci::StateRecord> record = directory.read_record();
  if (!record && (directory.has(kStateFile) || !is_abandoned_reservation(path))) return no_such_container();
  if (lock == Lock::None) {
    if (record) directory.just_read_ = std::move(*record);
    return directory;
  }
  Fd locked = TRY(open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  TRY(lock_directory(locked));
  // While we waited, a delete may have removed the directory under us.
  struct stat status;
  if (fstat(locked.raw(), &status) != 0 || status.st_nlink == 0) return no_such_container();
  return StateDirectory(path, std::move(locked), true);
}

Result<std::vector<std::string>> StateStore::list() const {
  Result<std::vector<std::string>> names = list_directory(root_);
  if (!names) {
    if (names.error().errno_value == ENOENT) return std::vector<std::string>{};
    return std::move(names).error();
  }
  std::vector<std::string> ids;
  for (std::string& name : *names) {
    if (!check_container_id(name)) continue;
    const Result<StateDirectory> directory = open(name, Lock::None);
    if (directory && directory->has(kStateFile)) ids.push_back(std::move(name));
  }
  return ids;
}

}  // namespace nemoclaw::container
