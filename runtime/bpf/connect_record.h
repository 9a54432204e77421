// What the kernel remembers of connect(2) in a sandbox's cgroups, and what it says of a socket when it is asked: the
// layout that the programs (connect_programs.h) and the proxy share.
//
// The record is a hint and a witness, never a proof: it says which process called connect(2), and what that executed.
// What is true now is read from the kernel's structures when the question is asked: how many references to the socket's
// file there are, how many of the process's descriptors are that file, and what it executes. One reference and one
// descriptor: nobody else can speak on the connection.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/bpf/system_call.h"

namespace nemoclaw::bpf {

// A process as the kernel knows it. Two equal ones are one process in one state: it has executed nothing else in
// between, and has not left its cgroups or namespaces. Addresses are compared and never followed.
struct TaskView {
  uint64_t start = 0;     // nanoseconds since boot; with the pid it names the process for good
  uint64_t exec_id = 0;   // counts its execve(2)
  uint64_t mount = 0, dentry = 0;  // of its executable; 0: it has none, as a zombie
  uint64_t cgroups = 0;   // of all hierarchies
  uint32_t pid = 0, exit_state = 0;
  uint32_t mount_namespace = 0, user_namespace = 0;  // inodes, as /proc/<pid>/ns shows them
  friend bool operator==(const TaskView&, const TaskView&) = default;
};

// The value of the map; its key is the socket's cookie.
struct ConnectRecord {
  uint64_t socket = 0, task = 0;  // addresses; valid if the socket there has this cookie, the process this pid and start
  uint64_t pid = 0, start = 0, exec_id = 0;
  uint64_t mount = 0, dentry = 0;
};

enum class LookStatus : uint32_t {
  Unknown = 0,    // no record: connected elsewhere, or too long ago
  Connected = 1,  // the record is there, but the socket has no file any more
  Held = 2,       // all of Look counts
};

struct Look {
  static constexpr size_t kAncestorsMax = 11;
  uint64_t cookie = 0;  // the question
  ConnectRecord record;
  // To the socket's file, counted after the descriptors, but for those of the process's own poll(2) and select(2).
  uint64_t references = 0;
  uint32_t descriptors = 0;  // of the process that connected, which are the socket
  LookStatus status = LookStatus::Unknown;
  TaskView process;                   // the one that connected, as it is now, looked at after its descriptors
  TaskView ancestors[kAncestorsMax];  // its parents, nearest first; up to the first process of the host
};

inline MapPlan connect_map_plan() {
  return {BPF_MAP_TYPE_LRU_HASH, sizeof(uint64_t), sizeof(ConnectRecord), 2048, "nemoclaw_conn"};
}

}  // namespace nemoclaw::bpf
