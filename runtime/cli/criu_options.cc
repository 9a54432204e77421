#include "runtime/cli/criu_options.h"

#include <unistd.h>

#include "runtime/base/path.h"

namespace nemoclaw::cli {

Result<container::CriuOptions> make_criu_options(const Globals& globals, const Arguments& arguments) {
  char here[4096];
  if (!getcwd(here, sizeof here)) return errno_error("working directory");
  container::CriuOptions options;
  if (!globals.criu.empty()) options.program = globals.criu;
  options.image_path = absolute_path(here, arguments.value("image-path", "checkpoint"));
  if (arguments.given("work-path")) options.work_path = absolute_path(here, arguments.value("work-path"));
  options.parent_path = arguments.value("parent-path");
  if (options.parent_path.starts_with('/'))
    return make_error("--parent-path: must be relative to --image-path, or the images could not be moved");
  options.leave_running = arguments.flag("leave-running");
  options.pre_dump = arguments.flag("pre-dump");
  options.tcp_established = arguments.flag("tcp-established");
  options.tcp_skip_in_flight = arguments.flag("tcp-skip-in-flight");
  options.link_remap = arguments.flag("link-remap");
  options.ext_unix_sockets = arguments.flag("ext-unix-sk");
  options.shell_job = arguments.flag("shell-job");
  options.lazy_pages = arguments.flag("lazy-pages");
  options.file_locks = arguments.flag("file-locks");
  options.auto_dedup = arguments.flag("auto-dedup");
  options.page_server = arguments.value("page-server");
  options.manage_cgroups = arguments.value("manage-cgroups-mode");
  options.empty_namespaces = arguments.values("empty-ns");
  options.lsm_profile = arguments.value("lsm-profile");
  options.lsm_mount_context = arguments.value("lsm-mount-context");
  options.status_fd = static_cast<int>(TRY(arguments.integer("status-fd", -1)));
  return options;
}

}  // namespace nemoclaw::cli
