#include "runtime/init/steps.h"

#include <cstdlib>

namespace nemoclaw::init {

namespace {

constexpr Step create_table[] = {
    // While the process has nothing of the container's yet, and before its cgroup namespace is made.
    {"cgroup", join_cgroup},
    // Next, so that nothing of the runtime's (locks, sockets) stays open in a process that may live
    // long.
    {"reset process", reset_process},
    {"id maps", wait_for_id_maps},
    {"join namespaces", join_namespaces},
    {"time offsets", set_time_offsets},
    // Still with the host's uid: the way to the rootfs may be closed to the container's root.
    {"rootfs", prepare_rootfs},
    // From here on, what is made inside belongs to the container's root.
    {"mapped root", become_mapped_root},
    {"names", set_names},
    {"loopback", raise_loopback},
    {"sysctl", write_sysctls},
    {"mounts", mount_all},
    {"devices", make_devices},
    // After the cgroup is joined: a cgroup namespace is rooted where the process is when it is made.
    {"cgroup namespace", enter_cgroup_namespace},
    {"runtime hooks", report_namespaces_ready},
    {"createContainer hooks", run_create_container_hooks},
    // After the hooks, which may mount, and before the pivot, while the host's null device can be bound.
    {"protected paths", protect_paths},
    {"pivot", enter_rootfs},
    // The pty must come from the container's own devpts.
    {"terminal", open_terminal},
    {"standard streams", reopen_null},
    {"working directory", make_working_directory},
    // The last step that could have had to make something in the rootfs is done.
    {"seal rootfs", seal_rootfs},
    // Everything that is mounted is mounted, and nothing of the image has run.
    {"integrity", verify_integrity},
    {"keyring", join_keyring},
    {"scheduling", set_scheduling},
    {"security label", open_label},
    // Rules are paths of the container, opened while the process may still open them all.
    {"landlock rules", prepare_landlock},
    {"program", look_up_program},
};

constexpr Step start_table[] = {
    // Before anything that a filter could forbid.
    {"descriptors", mark_descriptors},
    {"working directory", enter_working_directory},
    // Gives an unprivileged process the right to restrict itself.
    {"no new privileges", set_no_new_privileges},
    // Before capabilities go: without no_new_privs it takes CAP_SYS_ADMIN.
    {"landlock", restrict_filesystem},
    {"bounding set", drop_bounding_set},
    {"user", change_user},
    // Without no_new_privs loading a filter takes CAP_SYS_ADMIN, too: before the capabilities are set.
    {"seccomp", load_filters_privileged},
    {"capabilities", set_capabilities},
    // With no_new_privs nothing of ours but hooks and execve comes after the filters.
    {"seccomp", load_filters},
    // Programs of the image: with what the container's process may do, and no more.
    {"startContainer hooks", run_start_container_hooks},
    {"exec", execute},
};

constexpr Step exec_table[] = {
    {"cgroup", join_cgroup},
    {"reset process", reset_process},
    {"mapped root", become_mapped_root},
    {"terminal", open_terminal},
    {"keyring", join_keyring},
    {"scheduling", set_scheduling},
    {"security label", open_label},
    {"landlock rules", prepare_landlock},
    {"program", look_up_program},
    // Cgroup, limits and hooks of the parent are in force before the program is.
    {"runtime", report_namespaces_ready},
    {"descriptors", mark_descriptors},
    {"working directory", enter_working_directory},
    {"no new privileges", set_no_new_privileges},
    {"landlock", restrict_filesystem},
    {"bounding set", drop_bounding_set},
    {"user", change_user},
    {"seccomp", load_filters_privileged},
    {"capabilities", set_capabilities},
    {"seccomp", load_filters},
    {"exec", execute},
};

}  // namespace

std::span<const Step> create_steps() { return create_table; }
std::span<const Step> start_steps() { return start_table; }
std::span<const Step> exec_steps() { return exec_table; }

std::optional<StepFailure> run_steps(std::span<const Step> steps, Context& context) {
  for (const Step& step : steps)
    if (Result<void> done = step.run(context); !done) return StepFailure{step.name, std::move(done).error()};
  return std::nullopt;
}

Result<void> wait_for(Context& context, Go go) {
  while (context.progress < go) {
    std::optional<Channel::Message> message = TRY(context.channel.receive());
    if (!message) return make_error("the runtime went away");
    context.progress = static_cast<Go>(message->kind);
    if (!message->descriptors.empty()) context.cgroup_files = std::move(message->descriptors);
    if (context.progress == Go::Proceed)
      context.pid_outside = static_cast<pid_t>(strtol(message->payload.c_str(), nullptr, 10));
  }
  return {};
}

}  // namespace nemoclaw::init
