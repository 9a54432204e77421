// What criu is told: its command lines for checkpoint and restore, from the container's spec and the verb's options. Pure.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::container {

// In the directory of the images: arrays of strings.
inline constexpr const char* kDescriptorsFile = "descriptors.json";
inline constexpr const char* kMaskedFile = "masked-files.json";

struct CriuOptions {
  std::string program = "criu";  // a path, or a name to look up in PATH
  std::string image_path, work_path, parent_path;
  bool leave_running = false, pre_dump = false, tcp_established = false, tcp_skip_in_flight = false, link_remap = false,
       ext_unix_sockets = false, shell_job = false, lazy_pages = false, file_locks = false, auto_dedup = false;
  std::string page_server;     // ADDRESS:PORT
  std::string manage_cgroups;  // soft, full, strict, ignore; empty: ignore, because the runtime makes the cgroup
  std::vector<std::string> empty_namespaces;
  std::string lsm_profile, lsm_mount_context;
  int status_fd = -1;  // checkpoint --lazy-pages: told when the pages can be asked for
};
Result<void> check_criu_options(const CriuOptions& options);

struct DumpFacts {
  int pid = 0;
  std::string rootfs;
  std::vector<std::string> masked_files;  // of maskedPaths, those that are files: the host's /dev/null lies on them
  unsigned long network_inode = 0;        // of a network namespace that was joined by its path; 0: the container's own
};
std::vector<std::string> plan_dump(const oci::Spec& spec, const CriuOptions& options, const DumpFacts& facts);

struct RestoreFacts {
  std::string bundle;    // where relative sources start
  std::string rootfs;    // a mount point
  std::string pid_file;  // gets the pid of the restored init
  std::vector<std::string> masked_files;
  std::vector<std::string> descriptors;  // what the first three were at the checkpoint: "pipe:[123]", "/dev/null" ...
  int stdio_base = -1;                   // criu's number of our descriptor 0; 1 and 2 follow
  int network_fd = -1;                   // of a network namespace to join
};
std::vector<std::string> plan_restore(const oci::Spec& spec, const CriuOptions& options, const RestoreFacts& facts);

// The reason in a log of criu's: its first line with "Error"; "" if it has none.
std::string first_criu_error(std::string_view log);

}  // namespace nemoclaw::container
