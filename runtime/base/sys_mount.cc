#include "runtime/base/sys_mount.h"

#include <unistd.h>

#include <cerrno>

namespace nemoclaw::sys {

namespace {

// Since Linux 5.2 a context carries the file system's own words about a refused option ("e tmpfs: Bad value
// for 'size'").
Error context_error(FdRef context, std::string_view what) {
  const int cause = errno;
  char text[256];
  const ssize_t length = read(context.raw(), text, sizeof text - 1);
  Error error = errno_error(what, cause);
  if (length > 2) {
    std::string_view said(text, static_cast<size_t>(length));
    said.remove_prefix(2);  // "e ", "w " or "i "
    while (said.ends_with('\n')) said.remove_suffix(1);
    error.message += " (" + std::string(said) + ")";
  }
  return error;
}

}  // namespace

Result<Fd> open_tree_clone(FdRef directory, const std::string& path, unsigned flags) {
  if (path.empty()) flags |= AT_EMPTY_PATH;
  const int raw = ::open_tree(directory.raw(), path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
  if (raw < 0) return errno_error("open_tree");
  return Fd(raw);
}

Result<Fd> fsopen(const std::string& type) {
  const int raw = ::fsopen(type.c_str(), FSOPEN_CLOEXEC);
  if (raw >= 0) return Fd(raw);
  if (errno == ENODEV) return Error{ENODEV, "unknown file system type " + quoted(type), 1};
  return errno_error("fsopen " + quoted(type));
}

Result<void> fsconfig_flag(FdRef context, const std::string& key) {
  if (::fsconfig(context.raw(), FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0) == 0) return {};
  return context_error(context, "option " + quoted(key));
}

Result<void> fsconfig_string(FdRef context, const std::string& key, const std::string& value) {
  if (::fsconfig(context.raw(), FSCONFIG_SET_STRING, key.c_str(), value.c_str(), 0) == 0) return {};
  return context_error(context, "option " + quoted(key + "=" + value));
}

Result<void> fsconfig_create(FdRef context) {
  if (::fsconfig(context.raw(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0) return {};
  return context_error(context, "fsconfig");
}

Result<Fd> fsmount(FdRef context, uint64_t attributes) {
  const int raw = ::fsmount(context.raw(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes));
  if (raw < 0) return context_error(context, "fsmount");
  return Fd(raw);
}

Result<void> mount_setattr(FdRef mount, const MountAttributes& attributes, bool recursive) {
  mount_attr raw = {};
  raw.attr_set = attributes.set;
  raw.attr_clr = attributes.clear;
  raw.propagation = attributes.propagation;
  if (attributes.user_namespace.valid())
    raw.userns_fd = static_cast<uint64_t>(attributes.user_namespace.raw());
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
  if (::mount_setattr(mount.raw(), "", flags, &raw, sizeof raw) != 0) return errno_error("mount_setattr");
  return {};
}

Result<void> move_mount(FdRef mount, FdRef target) {
  if (::move_mount(mount.raw(), "", target.raw(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
    return errno_error("move_mount");
  return {};
}

Result<void> set_propagation(const std::string& path, unsigned long flags) {
  if (::mount(nullptr, path.c_str(), nullptr, flags, nullptr) != 0)
    return errno_error("set mount propagation of " + quoted(path));
  return {};
}

}  // namespace nemoclaw::sys
