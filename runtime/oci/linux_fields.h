// The members of config.json's "linux" (runtime-spec 1.3.0, config-linux.md).
#pragma once

#include "runtime/oci/fields.h"
#include "runtime/oci/resources_fields.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::oci {

template <>
struct Table<IdMapping> {
  static void visit(auto& field, auto& mapping) {
    field.always("containerID", mapping.container_id);
    field.always("hostID", mapping.host_id);
    field.always("size", mapping.size);
  }
};

template <>
struct Table<Namespace> {
  static void visit(auto& field, auto& each) {
    field.always("type", each.type);
    field("path", each.path);
  }
};

template <>
struct Table<Device> {
  static void visit(auto& field, auto& device) {
    field.always("path", device.path);
    field.always("type", device.type);
    field.always("major", device.major);
    field.always("minor", device.minor);
    field("fileMode", device.file_mode);
    field("uid", device.uid);
    field("gid", device.gid);
  }
};

template <>
struct Table<NetDevice> {
  static void visit(auto& field, auto& device) { field("name", device.name); }
};

template <>
struct Table<SeccompArg> {
  static void visit(auto& field, auto& arg) {
    field.always("index", arg.index);
    field.always("value", arg.value);
    field("valueTwo", arg.value_two);
    field.always("op", arg.op);
  }
};

template <>
struct Table<SeccompRule> {
  static void visit(auto& field, auto& rule) {
    field.always("names", rule.names);
    field.always("action", rule.action);
    field("errnoRet", rule.errno_ret);
    field("args", rule.args);
  }
};

template <>
struct Table<Seccomp> {
  static void visit(auto& field, auto& seccomp) {
    field.always("defaultAction", seccomp.default_action);
    field("defaultErrnoRet", seccomp.default_errno_ret);
    field("architectures", seccomp.architectures);
    field("flags", seccomp.flags);
    field("listenerPath", seccomp.listener_path);
    field("listenerMetadata", seccomp.listener_metadata);
    field("syscalls", seccomp.syscalls);
  }
};

template <>
struct Table<IntelRdt> {
  static void visit(auto& field, auto& rdt) {
    field("closID", rdt.clos_id);
    field("schemata", rdt.schemata);
    field("l3CacheSchema", rdt.l3_cache_schema);
    field("memBwSchema", rdt.mem_bw_schema);
    field("enableMonitoring", rdt.enable_monitoring);
  }
};

template <>
struct Table<MemoryPolicy> {
  static void visit(auto& field, auto& policy) {
    field.always("mode", policy.mode);
    field("nodes", policy.nodes);
    field("flags", policy.flags);
  }
};

template <>
struct Table<TimeOffset> {
  static void visit(auto& field, auto& offset) {
    field("secs", offset.secs);
    field("nanosecs", offset.nanosecs);
  }
};

template <>
struct Table<Personality> {
  static void visit(auto& field, auto& personality) {
    field.always("domain", personality.domain);
    field("flags", personality.flags);
  }
};

template <>
struct Table<Linux> {
  static void visit(auto& field, auto& section) {
    field("uidMappings", section.uid_mappings);
    field("gidMappings", section.gid_mappings);
    field("sysctl", section.sysctl);
    field("resources", section.resources);
    field("cgroupsPath", section.cgroups_path);
    field("namespaces", section.namespaces);
    field("timeOffsets", section.time_offsets);
    field("devices", section.devices);
    field("netDevices", section.net_devices);
    field("seccomp", section.seccomp);
    field("rootfsPropagation", section.rootfs_propagation);
    field("maskedPaths", section.masked_paths);
    field("readonlyPaths", section.readonly_paths);
    field("mountLabel", section.mount_label);
    field("intelRdt", section.intel_rdt);
    field("memoryPolicy", section.memory_policy);
    field("personality", section.personality);
  }
};

}  // namespace nemoclaw::oci
