#include "runtime/isolation/identity.h"

#include <grp.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "runtime/base/file.h"

namespace nemoclaw::isolation {

Result<void> apply_user(const oci::User& user, bool keep_groups) {
  umask(user.umask.value_or(022));
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return errno_error("keep capabilities");
  std::vector<gid_t> groups(user.additional_gids.begin(), user.additional_gids.end());
  if (!keep_groups && setgroups(groups.size(), groups.data()) != 0) {
    // Where setgroups(2) was given up for the id map (unprivileged user namespace) there is nothing to drop.
    if (errno != EPERM || !groups.empty()) return errno_error("setgroups");
  }
  if (setresgid(user.gid, user.gid, user.gid) != 0) return errno_error(format("setgid to %u", user.gid));
  if (setresuid(user.uid, user.uid, user.uid) != 0) return errno_error(format("setuid to %u", user.uid));
  if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) return errno_error("keep capabilities");
  return {};
}

Result<void> own_standard_streams(const oci::User& user) {
  for (int stream = 0; stream <= 2; ++stream) {
    struct stat status;
    if (fstat(stream, &status) != 0) {
      if (errno == EBADF) continue;  // closed by the caller, stays closed
      return errno_error("fstat of a standard stream");
    }
    if (status.st_uid == user.uid || (S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3))) continue;
    // Sockets, read-only file systems and ids outside the user namespace refuse; the stream works as it is.
    if (fchown(stream, user.uid, status.st_gid) != 0 && errno != EINVAL && errno != EPERM && errno != EROFS &&
        errno != ENOSYS)
      return errno_error("chown of a standard stream");
  }
  return {};
}

std::string home_directory(std::string_view passwd, uint32_t uid) {
  while (!passwd.empty()) {
    std::string_view line = passwd.substr(0, passwd.find('\n'));
    passwd.remove_prefix(std::min(line.size() + 1, passwd.size()));
    std::string_view fields[7];
    size_t count = 0;
    for (; count < 7; ++count) {
      const size_t colon = std::min(line.find(':'), line.size());
      fields[count] = line.substr(0, colon);
      if (colon == line.size()) {
        ++count;
        break;
      }
      line.remove_prefix(colon + 1);
    }
    uint32_t number = 0;
    const std::string_view text = fields[2];
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (count < 6 || text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
      continue;
    if (number == uid && !fields[5].empty()) return std::string(fields[5]);
  }
  return "/";
}

oci::Strings process_environment(const oci::Strings& env, const std::string& home) {
  const auto name_of = [](const std::string& entry) {
    return std::string_view(entry).substr(0, entry.find('='));
  };
  oci::Strings out;
  for (const std::string& entry : env) {
    const auto same = std::find_if(out.begin(), out.end(),
                                   [&](const std::string& each) { return name_of(each) == name_of(entry); });
    if (same != out.end())
      *same = entry;
    else
      out.push_back(entry);
  }
  const auto present =
      std::find_if(out.begin(), out.end(), [&](const std::string& each) { return name_of(each) == "HOME"; });
  if (present == out.end())
    out.push_back("HOME=" + home);
  else if (*present == "HOME=" || *present == "HOME")
    *present = "HOME=" + home;
  return out;
}

Result<ExecLabel> open_exec_label(const oci::Process& process, FdRef proc) {
  ExecLabel label;
  const auto open = [&](const char* file) { return open_file(proc, file, O_WRONLY); };
  if (!process.apparmor_profile.empty()) {
    label.text = "exec " + process.apparmor_profile;
    Result<Fd> attribute = open("self/attr/apparmor/exec");
    if (!attribute) attribute = open("self/attr/exec");
    label.attribute =
        TRY_CONTEXT(std::move(attribute), "process.apparmorProfile " + quoted(process.apparmor_profile));
  } else if (!process.selinux_label.empty()) {
    label.text = process.selinux_label;
    label.attribute =
        TRY_CONTEXT(open("self/attr/exec"), "process.selinuxLabel " + quoted(process.selinux_label));
  }
  return label;
}

Result<void> apply_exec_label(const ExecLabel& label) {
  if (!label.attribute.valid()) return {};
  TRY_CONTEXT(write_all(label.attribute, label.text),
              "security label " + quoted(label.text) + " (is it loaded?)");
  return {};
}

Result<void> join_session_keyring(const std::string& id) {
  const std::string name = "_ses." + id;
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.c_str()) < 0 && errno != ENOSYS && errno != EPERM)
    return errno_error("session keyring");
  return {};
}

}  // namespace nemoclaw::isolation
