// filesystem_policy -> Landlock rules, and mounts where Landlock cannot say it: it only ever adds rights on
// the way down.
#include <algorithm>

#include "policy/compile/compilation.h"
#include "policy/compile/paths.h"
#include "policy/model/ceiling.h"
#include "runtime/base/error.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

using oci::PathAccess;

bool is_below_any(std::string_view path, const std::vector<Path>& paths) {
  return std::any_of(paths.begin(), paths.end(),
                     [&](const Path& each) { return path_is_below(path, each.path); });
}

bool writes(PathAccess access) {
  return access == PathAccess::ReadWrite || access == PathAccess::ReadWriteExecute;
}

class FilesystemCompiler {
 public:
  explicit FilesystemCompiler(const Compilation& compilation)
      : c_(compilation),
        policy_(compilation.policy.filesystem),
        landlock_(compilation.effective.landlock),
        restricted_(policy_.execute.has_value()) {}

  Result<void> run() {
    start();
    TRY(add_no_access());
    for (const Path& each : policy_.read_write) TRY(add_writable(each));
    add_workdir();
    for (const Path& each : policy_.read_only) TRY(add_readable(each));
    add_executable();
    add_implied();
    add_read_only_mounts();
    report_unreachable_mounts();
    return {};
  }

 private:
  void start() {
    landlock_.enabled = true;
    landlock_.hard_requirement = c_.policy.landlock.hard_requirement;
    landlock_.restrict_execute = restricted_;
    // A namespace of its own already hides others' processes and sockets. Where it is shared with other
    // containers Landlock must; elsewhere the scopes would only keep exec'ed processes, which are siblings,
    // from signalling the first one.
    landlock_.scope_signals = is_joined("pid");
    landlock_.scope_abstract_sockets = is_joined("network");
    std::string level = c_.facts.landlock_abi >= 1 ? "full" : "none";
    c_.effective.protections.push_back(
        {"landlock", level, level == "full" ? "" : "the kernel has no Landlock or it is not enabled"});
  }

  bool is_joined(std::string_view type) const {
    const oci::Namespace* found = c_.effective.spec.linux_.find_namespace(type);
    return found != nullptr && !found->path.empty();
  }

  bool exists(std::string_view path) const {
    const oci::Strings& supplied = c_.effective.supplied_directories;
    return std::find(supplied.begin(), supplied.end(), path) != supplied.end() ||
           exists_in_container(c_.facts, c_.effective.spec, path);
  }

  PathAccess readable() const { return restricted_ ? PathAccess::Read : PathAccess::ReadExecute; }
  PathAccess writable() const { return restricted_ ? PathAccess::ReadWrite : PathAccess::ReadWriteExecute; }

  void add_rule(const std::string& path, PathAccess access, bool implied) {
    landlock_.rules.push_back({path, access, landlock_.hard_requirement && !implied, implied});
  }

  // A path that the policy names and the image lacks: an error, or a line in the report.
  Result<bool> is_usable(const Path& path, std::string_view key) {
    std::string place = policy_place("filesystem_policy." + std::string(key), path.at);
    if (is_below_any(path.path, policy_.no_access)) {
      c_.note("filesystem", path.path + " is not reachable", place + ", but no_access covers it");
      return false;
    }
    if (exists(path.path)) return true;
    if (landlock_.hard_requirement)
      return make_error(place + ": " + path.path +
                        " does not exist in the container, and landlock.compatibility is "
                        "hard_requirement; remove the path, or make it in the image");
    c_.note("filesystem", path.path + " does not exist in the container", place);
    return false;
  }

  Result<void> add_no_access() {
    for (const Path& each : policy_.no_access) {
      std::string place = policy_place("filesystem_policy.no_access", each.at);
      if (each.path == "/")
        return make_error(place + ": / cannot be hidden; leave it out of the readable paths instead");
      c_.effective.spec.linux_.masked_paths.push_back(each.path);
      c_.note("filesystem", each.path + ": hidden", place);
    }
    return {};
  }

  Result<void> add_writable(const Path& path) {
    if (path.path == "/tmp" && !exists(path.path)) {
      c_.effective.supplied_directories.push_back(path.path);
      c_.note("filesystem", "/tmp supplied as a small writable tmpfs", "implied: the image has none");
    }
    if (!TRY(is_usable(path, "read_write"))) return {};
    std::string place = policy_place("filesystem_policy.read_write", path.at);
    std::string conflict = link_conflict(path.path);
    if (!conflict.empty())
      return make_error(place + ": " + path.path + " is a link in this image and leads to " +
                        resolved_in_image(c_.facts, path.path) + ", which would make " + conflict +
                        " writable; name the directory that is meant");
    if (!ceiling_gives(path.path, true))
      return make_error(place + ": " + path.path + " is a link in this image and leads to " +
                        resolved_in_image(c_.facts, path.path) +
                        ", which the ceiling does not make writable; name the directory that is meant");
    add_rule(path.path, writable(), false);
    c_.note("filesystem", path.path + ": read and write", place);
    return {};
  }

  // A link of the image must not lead out of the ceiling; its text is within it already.
  bool ceiling_gives(const std::string& path, bool write) const {
    if (!c_.policy.ceiling) return true;
    const FilesystemPolicy& ceiling = c_.policy.ceiling->policy.filesystem;
    const std::string target = resolved_in_image(c_.facts, path);
    const auto covers = [&](const std::vector<Path>& paths) {
      return std::any_of(paths.begin(), paths.end(), [&](const Path& each) {
        return path_is_below(target, resolved_in_image(c_.facts, each.path));
      });
    };
    if (covers(ceiling.no_access)) return false;
    const bool writable = covers(ceiling.read_write), readable = covers(ceiling.read_only);
    return write ? writable && (!readable || listed_access(ceiling, path) == FileAccess::Write)
                 : writable || readable;
  }

  // What a writable path that is a link would open against the policy's word: the image chose where it leads.
  std::string link_conflict(const std::string& path) const {
    std::string target = resolved_in_image(c_.facts, path);
    if (target == path) return "";
    if (is_system_path(target) && !is_below_any(target, policy_.read_write)) return target;
    for (const std::vector<Path>* paths : {&policy_.read_only, &policy_.no_access})
      for (const Path& each : *paths) {
        std::string other = resolved_in_image(c_.facts, each.path);
        bool meant = path_is_below(path, each.path) || path_is_below(each.path, path);
        if (!meant && (path_is_below(target, other) || path_is_below(other, target))) return each.path;
      }
    return "";
  }

  void add_workdir() {
    if (!policy_.include_workdir) return;
    std::string cwd = absolute_path("/", c_.process().cwd);
    std::string target = resolved_in_image(c_.facts, cwd);
    const char* key = "filesystem_policy.include_workdir";
    bool covers_listed = std::any_of(policy_.read_only.begin(), policy_.read_only.end(),
                                     [&](const Path& each) { return path_is_below(each.path, cwd); });
    if (is_below_any(cwd, policy_.read_write)) return;
    const bool bounded = c_.policy.ceiling && !c_.policy.ceiling->policy.filesystem.include_workdir &&
                         !(listed_access(c_.policy.ceiling->policy.filesystem, cwd) == FileAccess::Write &&
                           ceiling_gives(cwd, true));
    if (bounded) {
      c_.note("filesystem", "the working directory " + cwd + " does not become writable",
              "the ceiling does not make it writable");
      return;
    }
    if (is_system_path(cwd) || is_system_path(target) || covers_listed ||
        is_below_any(cwd, policy_.no_access) || !link_conflict(cwd).empty()) {
      c_.note("filesystem", "the working directory " + cwd + " does not become writable",
              std::string(key) + ", but it is a system directory or holds paths that are read-only");
      return;
    }
    add_rule(cwd, writable(), true);
    c_.note("filesystem", cwd + ": read and write", std::string(key) + ": the working directory");
  }

  Result<void> add_readable(const Path& path) {
    if (!TRY(is_usable(path, "read_only"))) return {};
    std::string place = policy_place("filesystem_policy.read_only", path.at);
    if (!ceiling_gives(path.path, false)) {
      c_.note("filesystem",
              path.path + " is not readable: it is a link to " + resolved_in_image(c_.facts, path.path) +
                  ", which the ceiling does not open",
              place);
      return {};
    }
    add_rule(path.path, readable(), false);
    c_.note("filesystem", path.path + ": read", place);
    std::string above = writable_above(path.path);
    if (!above.empty()) make_read_only(path.path, place + ": it lies below the writable " + above);
    // Without Landlock a mount is the next best; not where it would lock a writable path below it.
    else if (c_.facts.landlock_abi < 1 && !has_writable_below(path.path))
      make_read_only(path.path, place + ": the kernel has no Landlock");
    return {};
  }

  std::string writable_above(std::string_view path) const {
    for (const oci::LandlockRule& rule : landlock_.rules)
      if (writes(rule.access) && path_is_below(path, rule.path)) return rule.path;
    return "";
  }

  bool has_writable_below(std::string_view path) const {
    return std::any_of(landlock_.rules.begin(), landlock_.rules.end(), [&](const oci::LandlockRule& rule) {
      return writes(rule.access) && path_is_below(rule.path, path);
    });
  }

  void make_read_only(const std::string& path, std::string why) {
    c_.effective.spec.linux_.readonly_paths.push_back(path);
    c_.note("filesystem", path + ": mounted read-only", std::move(why));
  }

  void add_executable() {
    for (const Path& each : policy_.execute.value_or(std::vector<Path>{})) {
      std::string place = policy_place("filesystem_policy.execute", each.at);
      bool matched = false;
      for (const auto& [pattern, path] : c_.facts.execute_matches) {
        if (pattern != each.path || is_below_any(path, policy_.no_access) || !ceiling_executes(path))
          continue;
        matched = true;
        add_rule(path, PathAccess::ReadExecute, true);
        c_.note("filesystem", path + ": execute", place);
      }
      if (!matched) c_.note("filesystem", each.path + " names nothing in the image", place);
    }
  }

  bool ceiling_executes(const std::string& path) const {
    if (!c_.policy.ceiling || !c_.policy.ceiling->policy.filesystem.execute) return true;
    const std::vector<Path>& listed = *c_.policy.ceiling->policy.filesystem.execute;
    return std::any_of(
        c_.facts.execute_matches.begin(), c_.facts.execute_matches.end(), [&](const auto& match) {
          return match.second == path && std::any_of(listed.begin(), listed.end(), [&](const Path& each) {
                   return each.path == match.first;
                 });
        });
  }

  bool is_covered(const std::string& path) const {
    return std::any_of(landlock_.rules.begin(), landlock_.rules.end(), [&](const oci::LandlockRule& rule) {
      return !rule.path.empty() && path_is_below(path, rule.path);
    });
  }

  void imply(const std::string& path, PathAccess access, const std::string& why) {
    if (is_below_any(path, policy_.no_access)) return;
    // Reading is implied by any rule above; writing and executing are not.
    bool covered = access == PathAccess::Read && is_covered(path);
    if (!restricted_ && access == PathAccess::ReadExecute) covered = is_covered(path);
    if (covered) return;
    add_rule(path, access, true);
    const char* means = access == PathAccess::Read          ? ": read"
                        : access == PathAccess::ReadExecute ? ": read and execute"
                                                            : ": read and write";
    c_.note("filesystem", path + means, why);
  }

  void add_implied() {
    for (const ImpliedPath& each : implied_paths()) {
      if (each.path == "/dev/console" && !c_.process().terminal) continue;
      if (each.from_runtime || exists(each.path)) imply(each.path, each.access, each.why);
    }
    for (const oci::Device& device : c_.effective.spec.linux_.devices)
      imply(device.path, PathAccess::DeviceReadWrite, "implied: a device of the manager's spec");
    for (const std::string& loader : c_.facts.loaders)
      imply(loader, PathAccess::ReadExecute, "implied: the image's loader");
    for (const std::string& interpreter : c_.facts.interpreters)
      imply(interpreter, PathAccess::ReadExecute, "implied: interpreter of the container's command");
    // A list of executables is exhaustive: the manager's command does not add itself to it.
    if (!restricted_ && !c_.facts.command.empty())
      imply(c_.facts.command, PathAccess::ReadExecute, "implied: the container's command");
  }

  void add_read_only_mounts() {
    for (const Path& each : c_.policy.integrity.read_only_mounts)
      make_read_only(each.path, policy_place("integrity.read_only_mounts", each.at));
  }

  void report_unreachable_mounts() {
    for (const oci::Mount& mount : c_.effective.spec.mounts) {
      std::string path = absolute_path("/", mount.destination);
      bool bind = mount.type == "bind" ||
                  std::find(mount.options.begin(), mount.options.end(), "rbind") != mount.options.end();
      bool opened_below =
          std::any_of(landlock_.rules.begin(), landlock_.rules.end(),
                      [&](const oci::LandlockRule& rule) { return path_is_below(rule.path, path); });
      if (bind && !is_covered(path) && !opened_below)
        c_.note("filesystem", "warning: the mount " + path + " cannot be read",
                "no path of filesystem_policy covers it");
    }
  }

  const Compilation& c_;
  const FilesystemPolicy& policy_;
  oci::Landlock& landlock_;
  const bool restricted_;
};

}  // namespace

Result<void> compile_filesystem(const Compilation& compilation) {
  return FilesystemCompiler(compilation).run();
}

}  // namespace nemoclaw::policy
