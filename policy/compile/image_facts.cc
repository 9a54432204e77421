#include "policy/compile/image_facts.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "policy/compile/environment.h"
#include "policy/compile/paths.h"
#include "policy/compile/trust.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

// Images are foreign: an endless passwd or a tree made to be walked for ever must not stop the runtime.
constexpr size_t account_file_bytes_max = size_t{1} << 20;
constexpr size_t walked_entries_max = 200'000;
constexpr size_t matches_max = 256;
constexpr size_t depth_max = 32;

class ImageReader {
 public:
  ImageReader(const Policy& policy, const oci::Spec& spec, Fd root, std::string root_path, Facts& facts)
      : policy_(policy),
        spec_(spec),
        root_(std::move(root)),
        root_path_(std::move(root_path)),
        facts_(facts) {}

  Result<void> run() {
    facts_.passwd = TRY_CONTEXT(account_file("/etc/passwd"), "the image's /etc/passwd");
    facts_.group = TRY_CONTEXT(account_file("/etc/group"), "the image's /etc/group");
    for (const ImpliedPath& each : implied_paths()) add_path(each.path);
    for (const std::string& loader : known_loaders())
      if (add_path(loader)) facts_.loaders.push_back(loader);
    for (const Path& each : policy_.integrity.read_only_mounts) add_path(each.path);
    add_listed(policy_.filesystem);
    if (policy_.ceiling) add_listed(policy_.ceiling->policy.filesystem);
    add_path("/sandbox");
    add_path("/tmp");
    for (const std::string& path : trust_file_candidates()) add_path(path);
    for (const std::string& path : java_candidates()) add_path(path);
    if (spec_.process) {
      add_path(absolute_path("/", spec_.process->cwd));
      find_command(*spec_.process);
      for (const auto& [name, content] : trust_variables())
        if (const std::string* named = find_variable(spec_.process->env, name);
            named && variable_value(*named).starts_with('/'))
          add_path(std::string(variable_value(*named)));
    }
    return {};
  }

 private:
  void add_listed(const FilesystemPolicy& filesystem) {
    for (const auto* list : {&filesystem.read_only, &filesystem.read_write, &filesystem.no_access})
      for (const Path& each : *list) add_path(each.path);
    if (filesystem.execute)
      for (const Path& each : *filesystem.execute) expand(each.path);
  }

  // A manager may have mounted a file of its own over the image's (Podman does for --user).
  Result<std::string> account_file(const std::string& path) {
    for (auto mount = spec_.mounts.rbegin(); mount != spec_.mounts.rend(); ++mount)
      if (absolute_path("/", mount->destination) == path && mount->source.starts_with('/'))
        return read_file(mount->source, account_file_bytes_max);
    auto fd = open_regular_in_root(root_, path);
    if (!fd) {
      bool missing = fd.error().errno_value == ENOENT || fd.error().errno_value == ENOTDIR;
      return missing ? Result<std::string>(std::string()) : Result<std::string>(std::move(fd).error());
    }
    return read_all(*fd, account_file_bytes_max);
  }

  // Notes that the path exists and where it leads.
  bool add_path(const std::string& path) {
    auto fd = open_in_root(root_, path, O_PATH);
    if (!fd) return false;
    facts_.existing_paths.push_back(path);
    auto real = real_path_of(*fd);
    if (!real || !path_is_below(*real, root_path_)) return true;
    std::string inside = root_path_ == "/" ? *real : real->substr(root_path_.size());
    if (inside.empty()) inside = "/";
    if (inside != path) facts_.link_targets.emplace_back(path, inside);
    return true;
  }

  bool is_file(const std::string& path) {
    auto fd = open_in_root(root_, path, O_PATH);
    struct stat status {};
    return fd && fstat(fd->raw(), &status) == 0 && S_ISREG(status.st_mode);
  }

  std::string in_search_path(std::string_view name, std::string_view search_path) {
    while (!search_path.empty()) {
      size_t colon = search_path.find(':');
      std::string_view directory = search_path.substr(0, colon);
      search_path.remove_prefix(colon == std::string_view::npos ? search_path.size() : colon + 1);
      if (!directory.starts_with('/')) continue;
      std::string candidate = clean_path(std::string(directory) + "/" + std::string(name));
      if (is_file(candidate)) return candidate;
    }
    return "";
  }

  void find_command(const oci::Process& process) {
    if (process.args.empty()) return;
    const std::string& name = process.args[0];
    if (name.find('/') != std::string::npos) {
      facts_.command = absolute_path(absolute_path("/", process.cwd), name);
    } else {
      // As the process will search: the policy's PATH comes first, then what the image would have.
      facts_.command =
          in_search_path(name, policy_.process.path.empty() ? default_path : policy_.process.path);
      const std::string* own = find_variable(process.env, "PATH");
      if (facts_.command.empty() && own != nullptr)
        facts_.command = in_search_path(name, variable_value(*own));
    }
    if (!facts_.command.empty() && !add_path(facts_.command)) facts_.command.clear();
    if (!facts_.command.empty()) find_interpreters(facts_.command);
  }

  // "#!/usr/bin/env node": env and node. A script's interpreter may be a script again, four times at most.
  void find_interpreters(std::string script) {
    for (int depth = 0; depth < 4; ++depth) {
      auto fd = open_regular_in_root(root_, script);
      char head[256];
      ssize_t length = fd ? read(fd->raw(), head, sizeof head) : -1;
      if (length < 3 || head[0] != '#' || head[1] != '!') return;
      std::string_view line(head + 2, static_cast<size_t>(length) - 2);
      line = line.substr(0, line.find('\n'));
      std::string first = next_word(line), second = next_word(line);
      if (!first.starts_with('/')) return;
      first = clean_path(first);
      if (!add_path(first)) return;
      facts_.interpreters.push_back(first);
      if (base_name(first) == "env" && !second.empty()) {
        first = in_search_path(second, default_path);
        if (first.empty() || !add_path(first)) return;
        facts_.interpreters.push_back(first);
      }
      script = first;
    }
  }

  static std::string next_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    std::string word(line.substr(0, end));
    line.remove_prefix(end);
    return word;
  }

  // filesystem_policy.execute: a path, or a glob with * within and ** across directories.
  void expand(const std::string& pattern) {
    if (pattern.find_first_of("*?[{") == std::string::npos) {
      if (add_path(pattern)) facts_.execute_matches.emplace_back(pattern, pattern);
      return;
    }
    size_t before = facts_.execute_matches.size();
    size_t wild = pattern.find_first_of("*?[{");
    size_t slash = pattern.rfind('/', wild);
    std::string start = slash == std::string::npos || slash == 0 ? "/" : pattern.substr(0, slash);
    walked_ = 0;
    walk(pattern, start, before, 0);
  }

  static bool matches(const std::string& pattern, const std::string& path) {
    size_t stars = pattern.find("**/");
    if (stars == std::string::npos)
      return fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
    // "**" stands for any number of whole directories: try the rest at every component.
    std::string head = stars == 0 ? "/" : pattern.substr(0, stars), tail = pattern.substr(stars + 3);
    if (!path.starts_with(head)) return false;
    for (size_t at = head.size(); at != std::string::npos && at <= path.size();) {
      if (matches(tail, path.substr(at))) return true;
      at = path.find('/', at);
      if (at != std::string::npos) ++at;
    }
    return false;
  }

  void walk(const std::string& pattern, const std::string& directory, size_t before, size_t depth) {
    if (depth > depth_max) return;
    auto fd = open_in_root(root_, directory, O_RDONLY | O_DIRECTORY);
    if (!fd) return;
    auto names = list_directory(fd_path(*fd));
    if (!names) return;
    for (const std::string& name : *names) {
      if (++walked_ > walked_entries_max || facts_.execute_matches.size() - before >= matches_max) return;
      std::string path = (directory == "/" ? "" : directory) + "/" + name;
      struct stat status {};
      if (fstatat(fd->raw(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) continue;
      if (matches(pattern, path) && add_path(path)) facts_.execute_matches.emplace_back(pattern, path);
      // Links to directories are not followed: they may lead round in circles.
      if (S_ISDIR(status.st_mode)) walk(pattern, path, before, depth + 1);
    }
  }

  const Policy& policy_;
  const oci::Spec& spec_;
  Fd root_;
  std::string root_path_;
  Facts& facts_;
  size_t walked_ = 0;
};

// True if the spec's namespace of this type is the one that this process is in.
bool is_own_namespace(const oci::Spec& spec, const char* type, const char* own) {
  const oci::Namespace* found = spec.linux_.find_namespace(type);
  if (found == nullptr || found->path.empty()) return false;
  struct stat theirs {
  }, ours{};
  return stat(found->path.c_str(), &theirs) == 0 && stat(own, &ours) == 0 && theirs.st_dev == ours.st_dev &&
         theirs.st_ino == ours.st_ino;
}

void read_limits(Facts& facts) {
  struct {
    const char* type;
    int resource;
  } limits[] = {
      {"RLIMIT_NPROC", RLIMIT_NPROC}, {"RLIMIT_CORE", RLIMIT_CORE}, {"RLIMIT_NOFILE", RLIMIT_NOFILE}};
  for (const auto& each : limits) {
    struct rlimit limit {};
    if (getrlimit(static_cast<__rlimit_resource_t>(each.resource), &limit) == 0)
      facts.inherited_rlimits.push_back({each.type, limit.rlim_cur, limit.rlim_max});
  }
}

}  // namespace

Result<Facts> gather_facts(const Policy& policy, const oci::Spec& spec, const std::string& rootfs,
                           const HostInputs& inputs) {
  Facts facts;
  facts.landlock_abi = inputs.landlock_abi;
  facts.container_id = inputs.container_id;
  facts.hook_path = inputs.hook_path;
  facts.config_file = inputs.config_file;
  facts.sandbox_directory = inputs.sandbox_directory;
  facts.joined_sandbox = inputs.joined_sandbox;
  facts.network_is_host = is_own_namespace(spec, "network", "/proc/self/ns/net");
  facts.pid_is_host = is_own_namespace(spec, "pid", "/proc/self/ns/pid");
  read_limits(facts);
  Fd root = TRY_CONTEXT(open_file(rootfs, O_PATH | O_DIRECTORY), "rootfs " + quoted(rootfs));
  std::string root_path = TRY(real_path_of(root));
  TRY(ImageReader(policy, spec, std::move(root), root_path, facts).run());
  return facts;
}

}  // namespace nemoclaw::policy
