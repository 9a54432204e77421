#include "runtime/isolation/seccomp_program.h"

#include <algorithm>

namespace nemoclaw::isolation {
namespace {

// Conditional jumps hold their offsets in 8 bits.
constexpr size_t branch_distance_max = 255;
// A return instruction is repeated rather than shared over a distance from which branches would need detours.
constexpr size_t return_distance_max = 200;

}  // namespace

ProgramBuilder::Label ProgramBuilder::emit(uint16_t code, uint32_t operand, uint8_t yes, uint8_t no) {
  reversed_.push_back(sock_filter{code, yes, no, operand});
  return reversed_.size();
}

ProgramBuilder::Label ProgramBuilder::jump(Label target) {
  return emit(BPF_JMP | BPF_JA, static_cast<uint32_t>(reversed_.size() - target));
}

void ProgramBuilder::fall_through_to(Label next) {
  if (next != reversed_.size()) jump(next);
}

ProgramBuilder::Label ProgramBuilder::ret(uint32_t value) {
  auto known =
      std::find_if(returns_.begin(), returns_.end(), [&](const auto& each) { return each.first == value; });
  if (known != returns_.end() && reversed_.size() - known->second <= return_distance_max)
    return known->second;
  Label label = emit(BPF_RET | BPF_K, value);
  if (known != returns_.end())
    known->second = label;
  else
    returns_.emplace_back(value, label);
  return label;
}

ProgramBuilder::Label ProgramBuilder::load(uint32_t offset, Label next) {
  fall_through_to(next);
  return emit(BPF_LD | BPF_W | BPF_ABS, offset);
}

ProgramBuilder::Label ProgramBuilder::bit_and(uint32_t mask, Label next) {
  fall_through_to(next);
  return emit(BPF_ALU | BPF_AND | BPF_K, mask);
}

ProgramBuilder::Label ProgramBuilder::branch(uint16_t test, uint32_t operand, Label yes, Label no) {
  if (yes == no) return yes;
  // The first detour leaves room for the second, which moves everything by one.
  if (reversed_.size() - no > branch_distance_max - 1) no = jump(no);
  if (reversed_.size() - yes > branch_distance_max) yes = jump(yes);
  return emit(BPF_JMP | test | BPF_K, operand, static_cast<uint8_t>(reversed_.size() - yes),
              static_cast<uint8_t>(reversed_.size() - no));
}

std::vector<sock_filter> ProgramBuilder::finish(Label entry) {
  fall_through_to(entry);
  std::vector<sock_filter> program(reversed_.rbegin(), reversed_.rend());
  reversed_.clear();
  returns_.clear();
  return program;
}

}  // namespace nemoclaw::isolation
