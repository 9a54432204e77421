// Mounts (config.md, "Mounts"): the spec's list as ordered steps of plain values, and their application onto
// a root that is a descriptor. Nothing here walks a path of the image twice: targets are opened with
// RESOLVE_IN_ROOT, mounts are built detached and moved onto that descriptor.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/isolation/id_map_plan.h"
#include "runtime/isolation/mount_option.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

enum class MountKind : uint8_t { Bind, FileSystem, Cgroup, Remount };

struct MountStep {
  MountKind kind = MountKind::FileSystem;
  std::string destination;  // absolute and clean, inside the container
  std::string source;       // Bind: absolute on the host
  std::string type;         // FileSystem: "proc", "tmpfs" ...
  MountOptions options;
  std::string label;  // SELinux context for file systems that take one, and the option that takes it
  std::string label_option = "context";
  IdMapPlan id_map;   // idmapped mounts; empty with options.idmap: the container's own maps
  // Bind: the source is this path in the container's root, with everything that was mounted there before.
  std::string source_in_root;
};

struct MountPlan {
  // Cgroup steps come last unless something is mounted below them: they must wait for the cgroup to be
  // joined, which is slow on v1, and nothing else must.
  std::vector<MountStep> steps;
  // What every bind mount gets before its own propagation option: what "/" has in the container.
  uint64_t default_propagation = 0;
};

// Pure. `bundle` is where relative sources start. A source below `rootfs` is one in the container.
Result<MountPlan> plan_mounts(const oci::Spec& spec, const std::string& bundle, const std::string& rootfs = "");

// One v1 hierarchy, or the v2 one, as the host has it mounted.
struct CgroupHierarchy {
  std::string mount_point;
  oci::Strings controllers;  // v1: "cpu", "cpuacct", "name=systemd"
};
struct CgroupMounts {
  bool unified = false;
  bool own_namespace = false;  // mounts show the container's cgroup as their root
  std::vector<CgroupHierarchy> hierarchies;
  std::string membership;  // content of the process's /proc/self/cgroup, read after it joined
};

struct MountContext {
  FdRef root;  // the container's root
  const std::vector<Fd>* sources =
      nullptr;  // by step; a valid one is the detached bind source, opened by the parent
  const std::vector<Fd>* id_maps = nullptr;  // by step; user namespaces for what is idmapped in the container's root
  // Called before the first cgroup step: waits for the cgroup, and says what to mount.
  std::function<Result<CgroupMounts>()> cgroups;
  bool own_users = false;  // the container has a user namespace of its own, or joins one
  bool host_pids = false;  // the container has the runtime's PID namespace
  // Gets each tmpfs that shall be read-only: until everything that belongs into it is there (devices, mount points, the
  // console), it is not.
  std::vector<Fd>* read_only_later = nullptr;
};

Result<void> apply_mount(const MountStep& step, size_t index, uint64_t default_propagation,
                         const MountContext& context);

// What a bind step needs to know of the container.
struct BindContext {
  IdMapPlan map;  // for a step that is idmapped and has no maps of its own
  FdRef users;    // the user namespace to idmap with; invalid: one is made of the maps
  FdRef root;     // for source_in_root
  bool locked = false;  // the container has a user namespace, which keeps the flags of the host's mounts
};

// The detached tree of a bind step: opened, its propagation, flags and id map set. For the parent, when the
// child in its user namespace would lack the right to the path or to the flags (mount_namespaces(7), locked
// mounts).
Result<Fd> open_bind_source(const MountStep& step, uint64_t default_propagation, const BindContext& context);

// Pure pieces of the cgroup mounts, for tests: a hierarchy's path from /proc/self/cgroup, and the links that
// v1 needs
// ("cpu" -> "cpu,cpuacct").
std::string cgroup_path_of(std::string_view membership, const CgroupHierarchy& hierarchy);
std::vector<std::pair<std::string, std::string>> cgroup_links(
    const std::vector<CgroupHierarchy>& hierarchies);

// In mount_cgroup.cc.
Result<void> apply_cgroup_mount(const MountStep& step, FdRef target, const CgroupMounts& cgroups);

}  // namespace nemoclaw::isolation
