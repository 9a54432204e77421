#include "runtime/isolation/mount_option.h"

#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "runtime/base/uapi.h"

namespace nemoclaw::isolation {

namespace {

enum class Effect : uint8_t {
  Nothing,
  Bind,
  RecursiveBind,
  Remount,
  Set,
  Clear,
  AccessTime,
  NoAccessTime,
  RecursiveSet,
  RecursiveClear,
  RecursiveAccessTime,
  Propagation,
  Superblock,
  CopyUp,
  IdMap,
  RecursiveIdMap
};

struct Option {
  std::string_view name;
  Effect effect;
  uint64_t value = 0;
};

// Sorted by name. "no" forms of what is the default have no effect of their own on a new mount, but on a bind
// mount they clear what the source has.
constexpr Option table[] = {
    {"acl", Effect::Superblock},
    {"async", Effect::Nothing},
    {"atime", Effect::NoAccessTime},
    {"bind", Effect::Bind},
    {"defaults", Effect::Nothing},
    {"dev", Effect::Clear, MOUNT_ATTR_NODEV},
    {"diratime", Effect::Clear, MOUNT_ATTR_NODIRATIME},
    {"dirsync", Effect::Superblock},
    {"exec", Effect::Clear, MOUNT_ATTR_NOEXEC},
    {"idmap", Effect::IdMap},
    {"iversion", Effect::Superblock},
    {"lazytime", Effect::Superblock},
    {"loud", Effect::Nothing},
    {"mand", Effect::Superblock},
    {"noacl", Effect::Superblock},
    {"noatime", Effect::AccessTime, MOUNT_ATTR_NOATIME},
    {"nodev", Effect::Set, MOUNT_ATTR_NODEV},
    {"nodiratime", Effect::Set, MOUNT_ATTR_NODIRATIME},
    {"noexec", Effect::Set, MOUNT_ATTR_NOEXEC},
    {"noiversion", Effect::Nothing},
    {"nolazytime", Effect::Nothing},
    {"nomand", Effect::Nothing},
    {"norelatime", Effect::NoAccessTime},
    {"nostrictatime", Effect::NoAccessTime},
    {"nosuid", Effect::Set, MOUNT_ATTR_NOSUID},
    {"nosymfollow", Effect::Set, MOUNT_ATTR_NOSYMFOLLOW},
    {"private", Effect::Propagation, MS_PRIVATE},
    {"ratime", Effect::RecursiveAccessTime, MOUNT_ATTR_RELATIME},
    {"rbind", Effect::RecursiveBind},
    {"rdev", Effect::RecursiveClear, MOUNT_ATTR_NODEV},
    {"rdiratime", Effect::RecursiveClear, MOUNT_ATTR_NODIRATIME},
    {"relatime", Effect::AccessTime, MOUNT_ATTR_RELATIME},
    {"remount", Effect::Remount},
    {"rexec", Effect::RecursiveClear, MOUNT_ATTR_NOEXEC},
    {"ridmap", Effect::RecursiveIdMap},
    {"rnoatime", Effect::RecursiveAccessTime, MOUNT_ATTR_NOATIME},
    {"rnodev", Effect::RecursiveSet, MOUNT_ATTR_NODEV},
    {"rnodiratime", Effect::RecursiveSet, MOUNT_ATTR_NODIRATIME},
    {"rnoexec", Effect::RecursiveSet, MOUNT_ATTR_NOEXEC},
    {"rnorelatime", Effect::RecursiveAccessTime, MOUNT_ATTR_RELATIME},
    {"rnostrictatime", Effect::RecursiveAccessTime, MOUNT_ATTR_RELATIME},
    {"rnosuid", Effect::RecursiveSet, MOUNT_ATTR_NOSUID},
    {"rnosymfollow", Effect::RecursiveSet, MOUNT_ATTR_NOSYMFOLLOW},
    {"ro", Effect::Set, MOUNT_ATTR_RDONLY},
    {"rprivate", Effect::Propagation, MS_PRIVATE | MS_REC},
    {"rrelatime", Effect::RecursiveAccessTime, MOUNT_ATTR_RELATIME},
    {"rro", Effect::RecursiveSet, MOUNT_ATTR_RDONLY},
    {"rrw", Effect::RecursiveClear, MOUNT_ATTR_RDONLY},
    {"rshared", Effect::Propagation, MS_SHARED | MS_REC},
    {"rslave", Effect::Propagation, MS_SLAVE | MS_REC},
    {"rstrictatime", Effect::RecursiveAccessTime, MOUNT_ATTR_STRICTATIME},
    {"rsuid", Effect::RecursiveClear, MOUNT_ATTR_NOSUID},
    {"rsymfollow", Effect::RecursiveClear, MOUNT_ATTR_NOSYMFOLLOW},
    {"runbindable", Effect::Propagation, MS_UNBINDABLE | MS_REC},
    {"rw", Effect::Clear, MOUNT_ATTR_RDONLY},
    {"shared", Effect::Propagation, MS_SHARED},
    {"silent", Effect::Nothing},
    {"slave", Effect::Propagation, MS_SLAVE},
    {"strictatime", Effect::AccessTime, MOUNT_ATTR_STRICTATIME},
    {"suid", Effect::Clear, MOUNT_ATTR_NOSUID},
    {"symfollow", Effect::Clear, MOUNT_ATTR_NOSYMFOLLOW},
    {"sync", Effect::Superblock},
    {"tmpcopyup", Effect::CopyUp},
    {"unbindable", Effect::Propagation, MS_UNBINDABLE},
};

const Option* find(std::string_view name) {
  const Option* found =
      std::lower_bound(std::begin(table), std::end(table), name,
                       [](const Option& option, std::string_view key) { return option.name < key; });
  return found != std::end(table) && found->name == name ? found : nullptr;
}

// The later of two contradicting options wins, as with mount(8).
void set_bits(uint64_t& set, uint64_t& clear, uint64_t bits) {
  set |= bits;
  clear &= ~bits;
}

void set_access_time(uint64_t& set, uint64_t& clear, uint64_t value) {
  clear |= MOUNT_ATTR__ATIME;  // the kernel demands the whole field to be cleared before one value is set
  set = (set & ~static_cast<uint64_t>(MOUNT_ATTR__ATIME)) | value;
}

void apply(const Option& option, MountOptions& out) {
  switch (option.effect) {
    case Effect::Nothing:
      break;
    case Effect::Bind:
      out.bind = true;
      break;
    case Effect::RecursiveBind:
      out.bind = out.recursive_bind = true;
      break;
    case Effect::Remount:
      out.remount = true;
      break;
    case Effect::Set:
      set_bits(out.set, out.clear, option.value);
      break;
    case Effect::Clear:
      set_bits(out.clear, out.set, option.value);
      break;
    case Effect::AccessTime:
      set_access_time(out.set, out.clear, option.value);
      break;
    case Effect::NoAccessTime:  // takes back what an earlier option said; the source or the kernel decides then
      out.set &= ~uint64_t{MOUNT_ATTR__ATIME};
      out.clear &= ~uint64_t{MOUNT_ATTR__ATIME};
      break;
    case Effect::RecursiveSet:
      set_bits(out.recursive_set, out.recursive_clear, option.value);
      break;
    case Effect::RecursiveClear:
      set_bits(out.recursive_clear, out.recursive_set, option.value);
      break;
    case Effect::RecursiveAccessTime:
      set_access_time(out.recursive_set, out.recursive_clear, option.value);
      break;
    case Effect::Propagation:
      out.propagation.push_back(option.value);
      break;
    case Effect::Superblock:
      out.superblock.emplace_back(option.name);
      break;
    case Effect::CopyUp:
      out.tmpcopyup = true;
      break;
    case Effect::IdMap:
      out.idmap = true;
      break;
    case Effect::RecursiveIdMap:
      out.idmap = out.recursive_idmap = true;
      break;
  }
}

}  // namespace

bool MountOptions::read_only() const { return ((set | recursive_set) & MOUNT_ATTR_RDONLY) != 0; }

MountOptions parse_mount_options(const oci::Strings& options) {
  MountOptions out;
  for (const std::string& name : options) {
    if (const Option* option = find(name))
      apply(*option, out);
    else if (!name.empty())
      out.data.push_back(name);
  }
  return out;
}

Result<AttributeChange> bind_attributes(const MountOptions& options, std::optional<uint64_t> locked_source) {
  AttributeChange change;
  if ((options.set | options.clear) == 0) return change;
  constexpr uint64_t lockable = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  constexpr uint64_t plain = lockable | MOUNT_ATTR_NOSYMFOLLOW, times = MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
  change.set = options.set & plain;
  change.clear = plain & ~options.set;
  const bool new_times = (options.clear & MOUNT_ATTR__ATIME) != 0 || (options.set & MOUNT_ATTR_NODIRATIME) != 0;
  if (new_times) {
    change.set |= options.set & times;
    change.clear |= MOUNT_ATTR__ATIME | (MOUNT_ATTR_NODIRATIME & ~options.set);
  }
  if (!locked_source) return change;
  const uint64_t locked = *locked_source & lockable;
  const uint64_t lost = options.clear & locked;
  if (lost != 0 || (new_times && (change.set & times) != (*locked_source & times)))
    return errno_error(lost != 0 ? "clear flags of the source that a user namespace locks"
                                 : "change the atime flags of the source, which a user namespace locks",
                       EPERM);
  change.set |= locked;
  change.clear &= ~locked & ~times;
  change.set &= ~times;
  return change;
}

uint64_t propagation_flags(const std::string& name) {
  const Option* option = find(name);
  return option && option->effect == Effect::Propagation ? option->value : 0;
}

oci::Strings mount_option_names() {
  oci::Strings names;
  for (const Option& option : table) names.emplace_back(option.name);
  return names;
}

}  // namespace nemoclaw::isolation
