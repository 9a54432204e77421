// bpf(2), as far as we use it.
#pragma once

#include <linux/bpf.h>

#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::bpf {

struct MapPlan {
  bpf_map_type type = BPF_MAP_TYPE_LRU_HASH;
  uint32_t key_bytes = 0, value_bytes = 0, entries_max = 0;
  std::string name;  // 15 characters at most
};
Result<Fd> create_map(const MapPlan& plan);
Result<uint32_t> map_id(FdRef map);
// The map with this id, if it is like `plan`: ids are given anew when a map has gone.
Result<Fd> open_map(uint32_t id, const MapPlan& plan);

struct Function {
  uint32_t begin = 0;  // its first instruction
  std::string name;
};

struct ProgramPlan {
  bpf_prog_type type = BPF_PROG_TYPE_UNSPEC;
  uint32_t attach_type = 0, flags = 0;
  std::vector<bpf_insn> instructions;
  std::string name;
  const char* license = "";
  std::vector<Function> functions;  // all of them, if there is more than one
};
// An error holds what the kernel's verifier said last.
Result<Fd> load_program(const ProgramPlan& plan);

// Beside what others attached there; it goes with the cgroup.
Result<void> attach_to_cgroup(FdRef cgroup, FdRef program, bpf_attach_type type);

// Runs a program of type SYSCALL with `context`, which it may change.
Result<void> run_program(FdRef program, void* context, size_t bytes);

}  // namespace nemoclaw::bpf
