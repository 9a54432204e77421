// The decision about one system call, and the tree that finds it: what a seccomp profile is once names,
// architectures and actions have become numbers. Pure.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/isolation/seccomp_program.h"

namespace nemoclaw::isolation {

enum class Comparison : uint8_t { NotEqual, Less, LessOrEqual, Equal, GreaterOrEqual, Greater, MaskedEqual };

struct ArgumentCheck {
  uint32_t index = 0;  // 0..5
  Comparison comparison = Comparison::Equal;
  uint64_t value = 0;
  uint64_t mask = ~uint64_t{0};  // MaskedEqual only
  bool operator==(const ArgumentCheck&) const = default;
};

// All checks hold -> action.
struct ConditionalAction {
  std::vector<ArgumentCheck> checks;
  uint32_t action = 0;  // SECCOMP_RET_*
  bool operator==(const ConditionalAction&) const = default;
};

// The first condition that holds, else `action`.
struct Outcome {
  std::vector<ConditionalAction> conditions;
  uint32_t action = 0;
  bool words_only = false;  // compare the low 32 bits of arguments: 32-bit architectures have no others
  bool operator==(const Outcome&) const = default;
};

// (first number, outcome) in ascending order; each holds up to the next one's first number. The first is 0.
using OutcomeRanges = std::vector<std::pair<uint32_t, Outcome>>;

// Lets `outcome` hold from `first` on; `first` is not below the last range's.
void append_range(OutcomeRanges& ranges, uint32_t first, const Outcome& outcome);

// Code that expects the accumulator undefined, loads the number, and ends in a return on every way.
ProgramBuilder::Label emit_decision(ProgramBuilder& builder, const OutcomeRanges& ranges);

}  // namespace nemoclaw::isolation
