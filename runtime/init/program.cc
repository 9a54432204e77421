#include "runtime/init/program.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>

#include "runtime/base/fd.h"

namespace nemoclaw::init {

namespace {

constexpr std::string_view default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Go's spelling of errno texts begins in lower case, and callers compare it.
std::string errno_text(int value) {
  std::string text = strerror(value);
  if (!text.empty()) text[0] = static_cast<char>(tolower(static_cast<unsigned char>(text[0])));
  return text;
}

Error exec_error(const std::string& name, const std::string& why, int errno_value) {
  return Error{errno_value, "exec: \"" + name + "\": " + why, 1};
}

// nullopt-like: 0 if it can be executed, else the errno.
int check_executable(const std::string& path, const std::string& name, const FileIdentity& own,
                     Error& refusal) {
  Fd target(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!target.valid()) return errno;
  struct stat status;
  if (fstat(target.raw(), &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0) return EACCES;
  // CVE-2019-5736: /proc/self/exe of this process is the runtime; executed inside it would be the image's to
  // rewrite.
  if (status.st_dev == own.device && status.st_ino == own.inode) {
    refusal = exec_error(name, "permission denied (this is the runtime's own binary)", EACCES);
    return -1;
  }
  return 0;
}

}  // namespace

Result<FileIdentity> own_identity() {
  struct stat status;
  if (stat("/proc/self/exe", &status) != 0) return errno_error("stat /proc/self/exe");
  return FileIdentity{status.st_dev, status.st_ino};
}

const char* environment_value(const oci::Strings& env, std::string_view name) {
  const char* value = nullptr;
  for (const std::string& entry : env)
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
      value = entry.c_str() + name.size() + 1;
  return value;
}

Result<std::string> find_program(const oci::Process& process, const FileIdentity& own) {
  const std::string& name = process.args[0];
  Error refusal;
  if (name.find('/') != std::string::npos) {
    const std::string path = name.starts_with('/') ? name : process.cwd + "/" + name;
    const int cause = check_executable(path, name, own, refusal);
    if (cause == 0) return path;
    if (cause < 0) return refusal;
    if (cause == EACCES) return exec_error(name, errno_text(cause), cause);
    // The kernel's answer would be EACCES: managers look for its words.
    if (cause == EISDIR) return exec_error(name, "is a directory: permission denied", EACCES);
    return exec_error(name, "stat " + name + ": " + errno_text(cause), cause);
  }
  const char* set = environment_value(process.env, "PATH");
  std::string_view folders = set ? std::string_view(set) : default_path;
  bool denied = false;
  while (!folders.empty()) {
    const std::string_view folder = folders.substr(0, folders.find(':'));
    folders.remove_prefix(std::min(folder.size() + 1, folders.size()));
    // A relative element would depend on where the process happens to stand.
    if (!folder.starts_with('/')) continue;
    const std::string path = std::string(folder) + "/" + name;
    const int cause = check_executable(path, name, own, refusal);
    if (cause == 0) return path;
    if (cause < 0) return refusal;
    denied = denied || cause == EACCES;
  }
  if (denied) return exec_error(name, "permission denied", EACCES);
  return exec_error(name, "executable file not found in $PATH", ENOENT);
}

}  // namespace nemoclaw::init
