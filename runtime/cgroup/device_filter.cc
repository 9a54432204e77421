#include "runtime/cgroup/device_filter.h"

#include <cstddef>

namespace nemoclaw::cgroup {

namespace {

// Registers: the context is read once, then compared.
constexpr uint8_t context = BPF_REG_1, type = BPF_REG_2, access = BPF_REG_3, major = BPF_REG_4, minor = BPF_REG_5,
                  scratch = BPF_REG_1, verdict = BPF_REG_0;

bpf_insn instruction(int code, uint8_t destination, uint8_t source, int16_t offset, int32_t immediate) {
  bpf_insn each = {};
  each.code = static_cast<uint8_t>(code);
  each.dst_reg = destination & 0xf;
  each.src_reg = source & 0xf;
  each.off = offset;
  each.imm = immediate;
  return each;
}

bpf_insn load_word(uint8_t to, uint8_t from, size_t offset) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, to, from, static_cast<int16_t>(offset), 0);
}
bpf_insn set(uint8_t to, int32_t value) { return instruction(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value); }
bpf_insn leave() { return instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

// Comparisons jump over the rest of their exception; the distance is filled in when its length is known.
void append_exception(std::vector<bpf_insn>& program, const DeviceException& each, bool deny_list) {
  const size_t begin = program.size();
  const int jump_differs = BPF_JMP | BPF_JNE;
  program.push_back(instruction(jump_differs | BPF_K, type, 0, 0,
                                each.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
  if (each.access != access_all) {
    program.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_X, scratch, access, 0, 0));
    program.push_back(instruction(BPF_ALU64 | BPF_AND | BPF_K, scratch, 0, 0, each.access));
    // Allowing needs all requested kinds in one exception, denying any: as the v1 controller decides.
    program.push_back(deny_list ? instruction(BPF_JMP | BPF_JEQ | BPF_K, scratch, 0, 0, 0)
                                : instruction(jump_differs | BPF_X, scratch, access, 0, 0));
  }
  if (each.major != any_number)
    program.push_back(instruction(jump_differs | BPF_K, major, 0, 0, static_cast<int32_t>(each.major)));
  if (each.minor != any_number)
    program.push_back(instruction(jump_differs | BPF_K, minor, 0, 0, static_cast<int32_t>(each.minor)));
  program.push_back(set(verdict, deny_list ? 0 : 1));
  program.push_back(leave());
  for (size_t at = begin; at < program.size() - 2; ++at) {
    if (BPF_CLASS(program[at].code) == BPF_JMP) program[at].off = static_cast<int16_t>(program.size() - at - 1);
  }
}

}  // namespace

std::vector<bpf_insn> build_device_program(const DeviceTable& table) {
  static_assert(access_mknod == BPF_DEVCG_ACC_MKNOD && access_read == BPF_DEVCG_ACC_READ &&
                access_write == BPF_DEVCG_ACC_WRITE);
  std::vector<bpf_insn> program = {
      load_word(type, context, offsetof(bpf_cgroup_dev_ctx, access_type)),
      instruction(BPF_ALU64 | BPF_MOV | BPF_X, access, type, 0, 0),
      instruction(BPF_ALU64 | BPF_AND | BPF_K, type, 0, 0, 0xffff),
      instruction(BPF_ALU64 | BPF_RSH | BPF_K, access, 0, 0, 16),
      load_word(major, context, offsetof(bpf_cgroup_dev_ctx, major)),
      load_word(minor, context, offsetof(bpf_cgroup_dev_ctx, minor)),
  };
  for (const DeviceException& each : table.exceptions) append_exception(program, each, table.allow_by_default);
  program.push_back(set(verdict, table.allow_by_default ? 1 : 0));
  program.push_back(leave());
  return program;
}

}  // namespace nemoclaw::cgroup
