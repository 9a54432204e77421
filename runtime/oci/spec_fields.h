// The members of config.json (runtime-spec 1.3.0, config.md) outside "linux".
#pragma once

#include "runtime/oci/fields.h"
#include "runtime/oci/linux_fields.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::oci {

template <>
struct Table<Box> {
  static void visit(auto& field, auto& box) {
    field.always("height", box.height);
    field.always("width", box.width);
  }
};

template <>
struct Table<User> {
  static void visit(auto& field, auto& user) {
    field.always("uid", user.uid);
    field.always("gid", user.gid);
    field("umask", user.umask);
    field("additionalGids", user.additional_gids);
    field("username", user.username);
  }
};

template <>
struct Table<Capabilities> {
  static void visit(auto& field, auto& sets) {
    field("bounding", sets.bounding);
    field("effective", sets.effective);
    field("inheritable", sets.inheritable);
    field("permitted", sets.permitted);
    field("ambient", sets.ambient);
  }
};

template <>
struct Table<Rlimit> {
  static void visit(auto& field, auto& limit) {
    field.always("type", limit.type);
    field.always("hard", limit.hard);
    field.always("soft", limit.soft);
  }
};

template <>
struct Table<Scheduler> {
  static void visit(auto& field, auto& scheduler) {
    field.always("policy", scheduler.policy);
    field("nice", scheduler.nice);
    field("priority", scheduler.priority);
    field("flags", scheduler.flags);
    field("runtime", scheduler.runtime);
    field("deadline", scheduler.deadline);
    field("period", scheduler.period);
  }
};

template <>
struct Table<IoPriority> {
  static void visit(auto& field, auto& priority) {
    field.always("class", priority.class_name);
    field.always("priority", priority.priority);
  }
};

template <>
struct Table<ExecCpuAffinity> {
  static void visit(auto& field, auto& affinity) {
    field("initial", affinity.initial);
    field("final", affinity.final);
  }
};

template <>
struct Table<Process> {
  static void visit(auto& field, auto& process) {
    field("terminal", process.terminal);
    field("consoleSize", process.console_size);
    field.always("user", process.user);
    field("args", process.args);
    field("commandLine", process.command_line);
    field("env", process.env);
    field.always("cwd", process.cwd);
    field("capabilities", process.capabilities);
    field("rlimits", process.rlimits);
    field("noNewPrivileges", process.no_new_privileges);
    field("apparmorProfile", process.apparmor_profile);
    field("oomScoreAdj", process.oom_score_adj);
    field("scheduler", process.scheduler);
    field("selinuxLabel", process.selinux_label);
    field("ioPriority", process.io_priority);
    field("execCPUAffinity", process.exec_cpu_affinity);
  }
};

template <>
struct Table<Root> {
  static void visit(auto& field, auto& root) {
    field.always("path", root.path);
    field("readonly", root.readonly);
  }
};

template <>
struct Table<Mount> {
  static void visit(auto& field, auto& mount) {
    field.always("destination", mount.destination);
    field("type", mount.type);
    field("source", mount.source);
    field("options", mount.options);
    field("uidMappings", mount.uid_mappings);
    field("gidMappings", mount.gid_mappings);
  }
};

template <>
struct Table<Hook> {
  static void visit(auto& field, auto& hook) {
    field.always("path", hook.path);
    field("args", hook.args);
    field("env", hook.env);
    field("timeout", hook.timeout);
  }
};

template <>
struct Table<Hooks> {
  static void visit(auto& field, auto& hooks) {
    field("prestart", hooks.prestart);
    field("createRuntime", hooks.create_runtime);
    field("createContainer", hooks.create_container);
    field("startContainer", hooks.start_container);
    field("poststart", hooks.poststart);
    field("poststop", hooks.poststop);
  }
};

template <>
struct Table<Spec> {
  static void visit(auto& field, auto& spec) {
    field.always("ociVersion", spec.oci_version);
    field("process", spec.process);
    field("root", spec.root);
    field("hostname", spec.hostname);
    field("domainname", spec.domainname);
    field("mounts", spec.mounts);
    field("hooks", spec.hooks);
    field("annotations", spec.annotations);
    field("linux", spec.linux_);
  }
};

}  // namespace nemoclaw::oci
