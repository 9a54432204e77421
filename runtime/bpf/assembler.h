// Instructions of BPF, written one after the other; forward jumps are filled in where they lead.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <vector>

namespace nemoclaw::bpf {

enum Register : uint8_t { r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, frame };

class Assembler {
 public:
  using Jump = size_t;

  void load(int size, Register to, Register from, int offset) { put(BPF_LDX | BPF_MEM | size, to, from, offset, 0); }
  void store(int size, Register to, int offset, Register value) { put(BPF_STX | BPF_MEM | size, to, value, offset, 0); }
  void store_number(int size, Register to, int offset, int32_t value) { put(BPF_ST | BPF_MEM | size, to, r0, offset, value); }
  void move(Register to, Register from) { put(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void set(Register to, int32_t value) { put(BPF_ALU64 | BPF_MOV | BPF_K, to, r0, 0, value); }
  void add(Register to, int32_t value) { put(BPF_ALU64 | BPF_ADD | BPF_K, to, r0, 0, value); }
  void add(Register to, Register value) { put(BPF_ALU64 | BPF_ADD | BPF_X, to, value, 0, 0); }
  void subtract(Register to, Register value) { put(BPF_ALU64 | BPF_SUB | BPF_X, to, value, 0, 0); }
  void shift_left(Register to, int32_t bits) { put(BPF_ALU64 | BPF_LSH | BPF_K, to, r0, 0, bits); }
  void shift_right(Register to, int32_t bits) { put(BPF_ALU64 | BPF_RSH | BPF_K, to, r0, 0, bits); }
  void call(int32_t helper) { put(BPF_JMP | BPF_CALL, r0, r0, 0, helper); }
  void leave() { put(BPF_JMP | BPF_EXIT, r0, r0, 0, 0); }
  void leave_with(int32_t value) {
    set(r0, value);
    leave();
  }
  void load_map(Register to, int map) { put_wide(to, BPF_PSEUDO_MAP_FD, map); }

  // condition: BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JLE ...
  Jump jump_if(int condition, Register left, int32_t value) { return put(BPF_JMP | condition | BPF_K, left, r0, 0, value); }
  Jump jump_if(int condition, Register left, Register right) { return put(BPF_JMP | condition | BPF_X, left, right, 0, 0); }
  void land(Jump jump) { program_[jump].off = static_cast<int16_t>(program_.size() - jump - 1); }

  // The address of a function that begins where define() is called with what this returns.
  Jump load_function(Register to) { return put_wide(to, BPF_PSEUDO_FUNC, 0); }
  void define(Jump function) { program_[function].imm = static_cast<int32_t>(program_.size() - function - 1); }

  uint32_t size() const { return static_cast<uint32_t>(program_.size()); }
  std::vector<bpf_insn> take() { return std::move(program_); }

 private:
  Jump put(int code, Register to, Register from, int offset, int32_t number) {
    bpf_insn each = {};
    each.code = static_cast<uint8_t>(code);
    each.dst_reg = static_cast<uint8_t>(to & 0xf);
    each.src_reg = static_cast<uint8_t>(from & 0xf);
    each.off = static_cast<int16_t>(offset);
    each.imm = number;
    program_.push_back(each);
    return program_.size() - 1;
  }
  Jump put_wide(Register to, uint8_t kind, int32_t number) {
    const Jump first = put(BPF_LD | BPF_DW | BPF_IMM, to, static_cast<Register>(kind), 0, number);
    put(0, r0, r0, 0, 0);
    return first;
  }
  std::vector<bpf_insn> program_;
};

}  // namespace nemoclaw::bpf
