#include "runtime/container/checkpoint.h"

#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/path.h"
#include "runtime/container/criu.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/status.h"

namespace nemoclaw::container {

namespace {

// Landlock domains and the fence are nothing that criu could give back: a restored container would be free.
Result<void> refuse_policy(const oci::EffectiveSpec& effective) {
  if (effective.policy_name.empty()) return {};
  return make_error("the container has the policy " + quoted(effective.policy_name) +
                    ", and criu cannot restore its confinement; use --policy none for containers to checkpoint");
}

Result<void> write_strings(const std::string& file, const std::vector<std::string>& strings) {
  json::Writer writer;
  writer.begin_array();
  for (const std::string& each : strings) writer.value(each);
  writer.end_array();
  return write_file_atomic(file, writer.take(), 0600);
}

// What restore needs to know of the first three descriptors, in the file that runc has for it.
Result<void> write_descriptors(const std::string& image_path, pid_t pid) {
  std::vector<std::string> targets;
  for (int fd = 0; fd <= 2; ++fd) {
    char target[4096];
    const ssize_t length = readlink(format("/proc/%d/fd/%d", pid, fd).c_str(), target, sizeof target);
    targets.emplace_back(target, length > 0 ? static_cast<size_t>(length) : 0);
  }
  return write_strings(image_path + "/" + kDescriptorsFile, targets);
}

Result<unsigned long> joined_network(const oci::Spec& spec) {
  const oci::Namespace* network = spec.linux_.find_namespace("network");
  if (!network || network->path.empty()) return 0UL;
  struct stat status;
  if (stat(network->path.c_str(), &status) != 0) return errno_error("network namespace " + quoted(network->path));
  return static_cast<unsigned long>(status.st_ino);
}

std::vector<std::string> masked_files(const oci::Spec& spec, const std::string& root) {
  std::vector<std::string> files;
  const Result<Fd> top = open_file(root, O_PATH | O_DIRECTORY);
  for (const std::string& path : spec.linux_.masked_paths) {
    struct stat status;
    const Result<Fd> file = top ? open_in_root(*top, path, O_PATH) : Result<Fd>(Fd());
    if (file && file->valid() && fstat(file->raw(), &status) == 0 && !S_ISDIR(status.st_mode))
      files.push_back(clean_path(path));
  }
  return files;
}

}  // namespace

Result<void> checkpoint_container(const StateStore& store, const std::string& id, const CriuOptions& options) {
  TRY(check_criu_options(options));
  StateDirectory directory = TRY(store.open(id, Lock::Exclusive));
  const oci::StateRecord record = TRY(directory.read_record());
  const oci::Status status = status_of(directory, record);
  if (status != oci::Status::Running && status != oci::Status::Paused)
    return make_error("container not running: it is " + std::string(oci::status_name(status)));
  if (geteuid() != 0) return make_error("checkpoint and restore need root");
  const oci::EffectiveSpec effective = TRY(directory.read_effective());
  TRY(refuse_policy(effective));
  if (effective.spec.process && effective.spec.process->terminal)
    return make_error("process.terminal: a container with a terminal cannot be checkpointed; run it without one");
  CriuOptions chosen = options;
  if (chosen.work_path.empty()) chosen.work_path = directory.path() + "/criu.work";
  TRY_CONTEXT(make_directories(chosen.image_path, 0700), "--image-path");
  TRY_CONTEXT(make_directories(chosen.work_path, 0700), "--work-path");
  DumpFacts facts;
  facts.pid = record.init_pid;
  facts.rootfs = record.rootfs;
  facts.network_inode = TRY(joined_network(effective.spec));
  facts.masked_files = masked_files(effective.spec, format("/proc/%d/root", record.init_pid));
  if (!chosen.pre_dump) {
    TRY(write_descriptors(chosen.image_path, record.init_pid));
    TRY(write_strings(chosen.image_path + "/" + kMaskedFile, facts.masked_files));
  }
  CriuRun run;
  run.program = chosen.program;
  run.words = plan_dump(effective.spec, chosen, facts);
  run.log_file = chosen.work_path + "/dump.log";
  if (chosen.status_fd >= 0) run.fds.emplace_back(FdRef(chosen.status_fd), chosen.status_fd);
  return run_criu(run);
}

}  // namespace nemoclaw::container
