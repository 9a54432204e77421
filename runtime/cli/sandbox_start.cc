#include "runtime/cli/sandbox_start.h"

#include <limits.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/path.h"
#include "runtime/cli/sandbox_directory.h"
#include "runtime/oci/container_file.h"
#include "runtime/oci/control_request.h"

namespace nemoclaw::cli {

namespace {

Result<void> announce(const std::string& state_directory) {
  char target[PATH_MAX];
  const ssize_t length = readlink((state_directory + "/" + kSandboxLink).c_str(), target, sizeof target);
  if (length < 0) return errno_error("find the sandbox directory");
  const std::string path(target, static_cast<size_t>(length));
  const oci::SandboxRecord record = TRY(oci::read_sandbox_record(path));
  const std::string resolv_conf =
      TRY(oci::read_container_file(record.resolv_conf, record.rootfs, "/etc/resolv.conf"));
  const std::string hosts = TRY(oci::read_container_file(record.hosts, record.rootfs, "/etc/hosts"));
  const bool joins = record.container_ids.empty() || record.container_ids[0] != record.id;
  // <sandbox>/containers/<id> of a container that joined
  const std::string sandbox(joins ? directory_name(directory_name(path)) : path);
  TRY(oci::ask_sandbox_proxy(sandbox,
                             encode_start_request(joins ? record.container_ids[0] : "", resolv_conf, hosts)));
  return {};
}

}  // namespace

std::string encode_start_request(const std::string& container, const std::string& resolv_conf,
                                 const std::string& hosts) {
  json::Writer writer;
  writer.begin_object().member("op", "start");
  if (!container.empty()) writer.member("container", container);
  writer.member("resolv_conf", resolv_conf).member("hosts", hosts).end_object();
  return writer.take();
}

container::BeforeRelease announce_start(const container::StateStore& store) {
  return [root = store.root()](const oci::StateRecord& record) -> Result<void> {
    if (record.sandbox_id.empty()) return {};
    Result<void> announced = announce(root + "/" + record.id);
    if (announced) return {};
    return std::move(announced).error().with_context(
        "the sandbox's egress proxy is not ready, so nothing was started");
  };
}

}  // namespace nemoclaw::cli
