#include "policy/select/secret_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "policy/model/credential.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace nemoclaw::policy {
namespace {

std::vector<std::string> directories_of(const NodeConfig& config) {
  std::vector<std::string> directories = {secrets_directory(config)};
  if (!config.credentials_directory.empty()) directories.push_back(config.credentials_directory);
  return directories;
}

// "" or why this file is not to be trusted with a secret.
std::string file_problem(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return "it is no regular file";
  if (status.st_uid != 0 && status.st_uid != geteuid()) return "it belongs to a user who is not root";
  if ((status.st_mode & 07) != 0) return "everybody may read or write it; its mode must be 0600";
  return {};
}

// `echo` and editors end a file with a line end that is no part of the secret.
std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

Error missing(std::string_view name) {
  return make_error("the secret " + quoted(name, 80) +
                    " is not in the node's store; on the node: nemoclawctl secret set " + std::string(name));
}

Error unusable(std::string_view name, const std::string& path, const std::string& problem) {
  return make_error("the secret " + quoted(name, 80) + " cannot be used: " + problem + " (" + path + ")");
}

void add_stored(const std::string& directory, const std::string& name, std::vector<StoredSecret>& found) {
  const auto same = [&](const StoredSecret& each) { return each.name == name; };
  if (!is_secret_name(name) || std::any_of(found.begin(), found.end(), same)) return;
  StoredSecret stored{name, directory, 0, 0, {}};
  struct stat status = {};
  if (lstat((directory + "/" + name).c_str(), &status) != 0) return;
  stored.changed = status.st_mtime;
  stored.problem = file_problem(status);
  if (stored.problem.empty()) {
    const Result<std::string> value = read_file(directory + "/" + name, kSecretBytesMax + 2);
    stored.problem = value ? secret_problem(without_line_end(*value)) : value.error().message;
    if (value) stored.bytes = without_line_end(*value).size();
  }
  found.push_back(std::move(stored));
}

}  // namespace

std::string secrets_directory(const NodeConfig& config) { return config.state_directory + "/secrets"; }

std::string secret_problem(std::string_view value) {
  if (value.size() < kSecretBytesMin)
    return "it is shorter than 8 bytes, and could not be told from other text in answers";
  if (value.size() > kSecretBytesMax) return "it is longer than 16 KiB";
  if (value.find('\0') != std::string_view::npos) return "it holds a NUL byte";
  if (value.find(kPlaceholderPrefix) != std::string_view::npos) return "it holds a placeholder";
  return {};
}

Result<std::vector<StoredSecret>> list_secrets(const NodeConfig& config) {
  std::vector<StoredSecret> found;
  for (const std::string& directory : directories_of(config)) {
    const Result<std::vector<std::string>> names = list_directory(directory);
    if (!names && names.error().errno_value == ENOENT) continue;
    for (const std::string& name : TRY(names)) add_stored(directory, name, found);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

Result<void> set_secret(const NodeConfig& config, std::string_view name, std::string_view value) {
  if (!is_secret_name(name))
    return make_error(quoted(name, 80) + " is no name of a secret: letters, digits, '-' and '_', at most 64");
  if (std::string problem = secret_problem(value); !problem.empty())
    return make_error("the value is not stored: " + problem);
  const std::string directory = secrets_directory(config);
  TRY(make_directories(directory, 0700));
  // It may have been there with another mode, and then nothing in it was a secret.
  if (chmod(directory.c_str(), 0700) != 0) return errno_error("make " + directory + " private");
  return write_file_atomic(directory + "/" + std::string(name), value, 0600);
}

Result<void> remove_secret(const NodeConfig& config, std::string_view name) {
  if (!is_secret_name(name)) return missing(name);
  const std::string path = secrets_directory(config) + "/" + std::string(name);
  if (unlink(path.c_str()) == 0) return {};
  if (errno != ENOENT) return errno_error("remove " + path);
  return make_error("there is no secret " + quoted(name, 80) + " in " + secrets_directory(config));
}

SecretReader::SecretReader(const NodeConfig& config) : directories_(directories_of(config)) {}

SecretReader::~SecretReader() {
  for (auto& [path, known] : known_) forget(known);
}

void SecretReader::forget(Known& known) { explicit_bzero(known.value.data(), known.value.size()); }

Result<std::string> SecretReader::read(std::string_view name) {
  if (!is_secret_name(name)) return missing(name);
  for (const std::string& directory : directories_) {
    const std::string path = directory + "/" + std::string(name);
    const Result<Fd> file = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!file && file.error().errno_value == ENOENT) continue;
    if (!file) return unusable(name, path, file.error().message);
    struct stat status = {};
    if (fstat(file->raw(), &status) != 0) return errno_error("look at " + path);
    if (std::string problem = file_problem(status); !problem.empty()) return unusable(name, path, problem);
    Known& known = known_[path];
    const bool same = known.device == status.st_dev && known.inode == status.st_ino &&
                      known.size == status.st_size && known.changed.tv_sec == status.st_ctim.tv_sec &&
                      known.changed.tv_nsec == status.st_ctim.tv_nsec && !known.value.empty();
    if (same) return known.value;
    forget(known);
    known = {status.st_dev, status.st_ino, status.st_size, status.st_ctim,
             without_line_end(TRY(read_all(*file, kSecretBytesMax + 2)))};
    if (std::string problem = secret_problem(known.value); !problem.empty()) {
      forget(known);
      known_.erase(path);
      return unusable(name, path, problem);
    }
    return known.value;
  }
  return missing(name);
}

}  // namespace nemoclaw::policy
