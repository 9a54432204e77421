#include "policy/model/words.h"
#include "policy/parse/decode.h"
#include "policy/parse/validate.h"

namespace nemoclaw::policy {
namespace {

constexpr uint64_t kLimitMax = uint64_t{1} << 40;

Key<ProcessPolicy> account(const char* name, std::string ProcessPolicy::*member, Location ProcessPolicy::*at,
                           const char* summary) {
  return other<ProcessPolicy>(
      name, text_shape("", true),
      [=](Diagnostics& d, const Node& node, ProcessPolicy& out) {
        auto value = read_text(d, node, name, Numbers::Accepted);
        if (!value) return;
        check_not_root(d, node.at, name, *value);
        out.*member = std::move(*value);
        out.*at = node.at;
      },
      summary);
}

void decode_capabilities(Diagnostics& diagnostics, const Node& node, ProcessPolicy& out) {
  constexpr std::string_view kAmbient = "ambient:";
  for_each_item(diagnostics, node, "capabilities", [&](const Node& item) {
    const auto text = read_text(diagnostics, item, "capabilities");
    if (!text) return;
    std::string_view name = *text;
    const bool ambient = name.substr(0, kAmbient.size()) == kAmbient;
    if (ambient) name.remove_prefix(kAmbient.size());
    auto capability = check_capability(diagnostics, item.at, name);
    if (!capability) return;
    if (ambient) out.ambient_capabilities.push_back(*capability);
    out.capabilities.push_back(std::move(*capability));  // ambient is a subset of permitted
  });
}

void read_syscall_names(Diagnostics& diagnostics, const Node& node, std::string_view key,
                        std::vector<std::string>& names) {
  for_each_item(diagnostics, node, key, [&](const Node& item) {
    auto name = read_text(diagnostics, item, key);
    if (!name) return;
    check_syscall_name(diagnostics, item.at, *name);
    names.push_back(std::move(*name));
  });
}

const std::vector<std::string_view>& bases() {
  static const auto words = written_words(kSyscallBaseWords);
  return words;
}

const Keys<ProcessPolicy>& syscalls_keys() {
  static const Keys<ProcessPolicy> keys = {
      choice<ProcessPolicy>(
          "base", bases(),
          [](ProcessPolicy& out, size_t index) { out.syscalls = static_cast<SyscallBase>(index); },
          "The profile that allow and deny change."),
      other<ProcessPolicy>(
          "allow", list_shape(Shape::Text),
          [](Diagnostics& d, const Node& node, ProcessPolicy& out) {
            read_syscall_names(d, node, "allow", out.syscalls_allow);
          },
          "System calls added to the base."),
      other<ProcessPolicy>(
          "deny", list_shape(Shape::Text),
          [](Diagnostics& d, const Node& node, ProcessPolicy& out) {
            read_syscall_names(d, node, "deny", out.syscalls_deny);
          },
          "System calls taken from the base; beats allow."),
  };
  return keys;
}

void decode_syscalls(Diagnostics& diagnostics, const Node& node, ProcessPolicy& out) {
  if (node.kind == NodeKind::Map) {
    decode_map(diagnostics, node, "syscalls", syscalls_keys(), out);
    return;
  }
  if (const auto index = read_choice(diagnostics, node, "syscalls", bases()))
    out.syscalls = static_cast<SyscallBase>(*index);
}

void decode_search_path(Diagnostics& diagnostics, const Node& node, ProcessPolicy& out) {
  auto path = read_text(diagnostics, node, "path");
  if (!path) return;
  check_search_path(diagnostics, node.at, *path);
  out.path = std::move(*path);
}

void decode_keep_environment(Diagnostics& diagnostics, const Node& node, ProcessPolicy& out) {
  for_each_item(diagnostics, node, "keep_environment", [&](const Node& item) {
    auto name = read_text(diagnostics, item, "keep_environment");
    if (!name) return;
    check_variable_name(diagnostics, item.at, "keep_environment", *name);
    out.keep_environment.push_back(std::move(*name));
  });
}

const Keys<ProcessPolicy>& process_keys() {
  using P = ProcessPolicy;
  static const Keys<P> keys = {
      account("run_as_user", &P::run_as_user, &P::run_as_user_at, "Name or decimal id; never root."),
      account("run_as_group", &P::run_as_group, &P::run_as_group_at, "Name or decimal id; never root."),
      boolean("start_as_root", &P::start_as_root,
              "The entry point starts as uid 0 and separates users itself."),
      other<P>("capabilities", list_shape(Shape::Text), decode_capabilities,
               "Kept; everything else is dropped. 'ambient:NAME' keeps it over execve."),
      integer("max_processes", &P::max_processes, 1, 4'194'304, "RLIMIT_NPROC and pids.max."),
      integer("max_open_files", &P::max_open_files, 16, 1'073'741'816, "RLIMIT_NOFILE."),
      integer("max_core_bytes", &P::max_core_bytes, 0, kLimitMax, "RLIMIT_CORE."),
      other<P>("path", text_shape("^/"), decode_search_path, "PATH of the process."),
      other<P>("keep_environment", list_shape(Shape::Text), decode_keep_environment,
               "Dangerous variables of the image that stay."),
      boolean("no_new_privileges", &P::no_new_privileges, "No privilege is gained by execve."),
      other<P>("syscalls", either_shape({choice_shape(bases()), object_shape(syscalls_keys)}),
               decode_syscalls, "agent, docker, or changes to one of them."),
  };
  return keys;
}

}  // namespace

Key<Policy> process_section() {
  return object("process", &Policy::process, process_keys, "User, capabilities, limits and system calls.");
}

}  // namespace nemoclaw::policy
