// A classic BPF program, assembled from its end: whatever an instruction jumps to is already there, so every
// offset is known when the instruction is made. Knows nothing of seccomp profiles.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace nemoclaw::isolation {

class ProgramBuilder {
 public:
  // Where to continue: counted from the program's end, so that it stays valid while instructions are put
  // before it.
  using Label = size_t;

  Label ret(uint32_t value);                 // shared with an equal one that is near
  Label load(uint32_t offset, Label next);   // A = seccomp_data word at `offset`
  Label bit_and(uint32_t mask, Label next);  // A &= mask
  Label branch(uint16_t test, uint32_t operand, Label yes, Label no);  // test: BPF_JEQ, BPF_JGT, BPF_JGE

  std::vector<sock_filter> finish(Label entry);

 private:
  Label emit(uint16_t code, uint32_t operand, uint8_t yes = 0, uint8_t no = 0);
  Label jump(Label target);
  void fall_through_to(Label next);

  std::vector<sock_filter> reversed_;
  std::vector<std::pair<uint32_t, Label>> returns_;  // latest place of each value
};

}  // namespace nemoclaw::isolation
