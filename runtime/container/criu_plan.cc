#include "runtime/container/criu_plan.h"

#include <algorithm>

#include "runtime/base/path.h"

namespace nemoclaw::container {

namespace {

using Words = std::vector<std::string>;

constexpr const char* kNetworkName = "extRootNetNS";

bool is_bind(const oci::Mount& mount) {
  return mount.type == "bind" || std::any_of(mount.options.begin(), mount.options.end(), [](const std::string& option) {
           return option == "bind" || option == "rbind";
         });
}

// What holds for both directions.
void add_common(Words& words, const CriuOptions& options) {
  const auto flag = [&](bool on, const char* name) {
    if (on) words.push_back(name);
  };
  words.insert(words.end(), {"--images-dir", options.image_path, "--work-dir", options.work_path, "-v4"});
  flag(options.tcp_established, "--tcp-established");
  flag(options.ext_unix_sockets, "--ext-unix-sk");
  flag(options.shell_job, "--shell-job");
  flag(options.file_locks, "--file-locks");
  flag(options.link_remap, "--link-remap");
  flag(options.auto_dedup, "--auto-dedup");
  flag(options.lazy_pages, "--lazy-pages");
  words.push_back("--manage-cgroups=" + (options.manage_cgroups.empty() ? "ignore" : options.manage_cgroups));
  for (const std::string& name : options.empty_namespaces)
    words.insert(words.end(), {"--empty-ns", name == "network" ? "net" : name});
}

void add_external(Words& words, const std::string& what) { words.insert(words.end(), {"--external", what}); }

}  // namespace

Result<void> check_criu_options(const CriuOptions& options) {
  constexpr std::string_view modes[] = {"", "soft", "full", "strict", "ignore"};
  if (std::find(std::begin(modes), std::end(modes), options.manage_cgroups) == std::end(modes))
    return make_error("--manage-cgroups-mode: use soft, full, strict or ignore");
  for (const std::string& name : options.empty_namespaces)
    if (name != "network") return make_error("--empty-ns " + quoted(name) + ": only network can be empty");
  const std::string& server = options.page_server;
  if (!server.empty() && (server.find(':') == std::string::npos || server.ends_with(':') || server.starts_with(':')))
    return make_error("--page-server: use ADDRESS:PORT");
  return {};
}

std::vector<std::string> plan_dump(const oci::Spec& spec, const CriuOptions& options, const DumpFacts& facts) {
  Words words = {"criu", options.pre_dump ? "pre-dump" : "dump", "--tree", std::to_string(facts.pid)};
  add_common(words, options);
  words.insert(words.end(), {"--log-file", "dump.log", "--root", facts.rootfs});
  if (options.leave_running && !options.pre_dump) words.push_back("--leave-running");
  if (options.pre_dump) words.push_back("--track-mem");
  if (options.tcp_skip_in_flight) words.push_back("--skip-in-flight");
  if (!options.parent_path.empty()) words.insert(words.end(), {"--prev-images-dir", options.parent_path});
  if (const size_t colon = options.page_server.rfind(':'); colon != std::string::npos)
    words.insert(words.end(), {"--page-server", "--address", options.page_server.substr(0, colon), "--port",
                               options.page_server.substr(colon + 1)});
  if (options.status_fd >= 0) words.insert(words.end(), {"--status-fd", std::to_string(options.status_fd)});
  if (facts.network_inode != 0) add_external(words, format("net[%lu]:%s", facts.network_inode, kNetworkName));
  for (const oci::Mount& mount : spec.mounts)
    if (is_bind(mount)) {
      const std::string destination = clean_path("/" + mount.destination);
      add_external(words, "mnt[" + destination + "]:" + destination);
    }
  for (const std::string& path : facts.masked_files) add_external(words, "mnt[" + path + "]:" + path);
  return words;
}

std::vector<std::string> plan_restore(const oci::Spec& spec, const CriuOptions& options, const RestoreFacts& facts) {
  Words words = {"criu", "restore"};
  add_common(words, options);
  words.insert(words.end(), {"--log-file", "restore.log", "--root", facts.rootfs, "--pidfile", facts.pid_file,
                             "--restore-detached", "--restore-sibling"});
  if (!options.lsm_profile.empty()) words.insert(words.end(), {"--lsm-profile", options.lsm_profile});
  if (!options.lsm_mount_context.empty())
    words.insert(words.end(), {"--lsm-mount-context", options.lsm_mount_context});
  for (const oci::Mount& mount : spec.mounts)
    if (is_bind(mount))
      add_external(words, "mnt[" + clean_path("/" + mount.destination) + "]:" + absolute_path(facts.bundle, mount.source));
  for (const std::string& path : facts.masked_files) add_external(words, "mnt[" + path + "]:/dev/null");
  // The pipes that were the container's standard streams are ours now; files and null devices it opens again.
  for (size_t i = 0; i < facts.descriptors.size() && i < 3 && facts.stdio_base >= 0; ++i)
    if (facts.descriptors[i].starts_with("pipe:"))
      words.insert(words.end(), {"--inherit-fd", format("fd[%zu]:", static_cast<size_t>(facts.stdio_base) + i) +
                                                     facts.descriptors[i]});
  if (facts.network_fd >= 0)
    words.insert(words.end(), {"--inherit-fd", format("fd[%d]:%s", facts.network_fd, kNetworkName)});
  return words;
}

std::string first_criu_error(std::string_view log) {
  while (!log.empty()) {
    const std::string_view line = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(log.size(), line.size() + 1));
    if (line.find("Error") != std::string_view::npos) return std::string(line);
  }
  return "";
}

}  // namespace nemoclaw::container
