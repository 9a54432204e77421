// The programs behind connect_record.h, in BPF's instructions: one that notes who calls connect(2), attached to the
// container's cgroup, and one that the proxy runs to look at a socket. They are made for the running kernel, so that
// no compiler of BPF is needed and no library that reads the kernel's types.
//
// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// (reading kernel memory is open to programs under the GPL only, so these two are offered under it as well)
#pragma once

#include <string_view>
#include <vector>

#include "runtime/bpf/connect_record.h"

namespace nemoclaw::bpf {

// Byte offsets into the kernel's structures.
struct KernelLayout {
  int32_t task_leader, task_pid, task_start, task_exec_id, task_exit_state, task_memory, task_files, task_parent,
      task_credentials, task_namespaces, task_cgroups;
  int32_t memory_executable, file_path, path_mount, path_dentry;
  int32_t socket_cookie, socket_outer, outer_file;  // struct sock, its struct socket, and that one's file
  int32_t files_table, table_size, table_files;
  int32_t namespaces_mount, mount_namespace, credentials_user, user_namespace, namespace_inode;
  int32_t socket_wait, wait_head, head_first;  // who waits for the socket
  int32_t waiter_node, waiter_private, poll_waiter, poll_file, poll_task;
  int32_t file_references;
  bool references_less_one;  // the kernel counts those beyond the first
};

// Pure. An error names what this kernel does not have.
Result<KernelLayout> find_layout(std::string_view btf);

// `map`: a descriptor of the map. Both of connect_map_plan().
// `type`: BPF_CGROUP_INET4_CONNECT or 6.
ProgramPlan build_connect_program(const KernelLayout& layout, int map, bpf_attach_type type);
ProgramPlan build_look_program(const KernelLayout& layout, int map);

}  // namespace nemoclaw::bpf
