#include "runtime/isolation/seccomp_filter.h"

#include <linux/seccomp.h>

#include <bit>
#include <cstddef>
#include <iterator>

namespace nemoclaw::isolation {
namespace {

using Label = ProgramBuilder::Label;

// seccomp_data.args are 64 bits in the machine's byte order, and BPF loads 32 at a time.
static_assert(std::endian::native == std::endian::little);
constexpr uint32_t low_offset(uint32_t index) { return offsetof(seccomp_data, args) + index * 8; }
constexpr uint32_t high_offset(uint32_t index) { return low_offset(index) + 4; }
constexpr uint32_t low(uint64_t value) { return static_cast<uint32_t>(value); }
constexpr uint32_t high(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

Label emit_word_equal(ProgramBuilder& builder, uint32_t offset, uint32_t value, uint32_t mask, Label yes,
                      Label no) {
  if (mask == 0) return value == 0 ? yes : no;
  Label test = builder.branch(BPF_JEQ, value, yes, no);
  if (mask != ~uint32_t{0}) test = builder.bit_and(mask, test);
  return builder.load(offset, test);
}

Label emit_equal(ProgramBuilder& builder, const ArgumentCheck& check, bool words_only, Label yes, Label no) {
  Label entry = emit_word_equal(builder, low_offset(check.index), low(check.value), low(check.mask), yes, no);
  if (words_only) return entry;
  return emit_word_equal(builder, high_offset(check.index), high(check.value), high(check.mask), entry, no);
}

// test is BPF_JGT or BPF_JGE, for the low word; the high word decides alone unless it is equal.
Label emit_greater(ProgramBuilder& builder, const ArgumentCheck& check, uint16_t test, bool words_only,
                   Label yes, Label no) {
  Label entry = builder.branch(test, low(check.value), yes, no);
  entry = builder.load(low_offset(check.index), entry);
  if (words_only) return entry;
  entry = builder.branch(BPF_JEQ, high(check.value), entry, no);
  entry = builder.branch(BPF_JGT, high(check.value), yes, entry);
  return builder.load(high_offset(check.index), entry);
}

Label emit_check(ProgramBuilder& builder, const ArgumentCheck& check, bool words_only, Label yes, Label no) {
  switch (check.comparison) {
    case Comparison::Equal:
    case Comparison::MaskedEqual:
      return emit_equal(builder, check, words_only, yes, no);
    case Comparison::NotEqual:
      return emit_equal(builder, check, words_only, no, yes);
    case Comparison::Greater:
      return emit_greater(builder, check, BPF_JGT, words_only, yes, no);
    case Comparison::GreaterOrEqual:
      return emit_greater(builder, check, BPF_JGE, words_only, yes, no);
    case Comparison::Less:
      return emit_greater(builder, check, BPF_JGE, words_only, no, yes);
    case Comparison::LessOrEqual:
      return emit_greater(builder, check, BPF_JGT, words_only, no, yes);
  }
  return no;
}

// The tree over ranges of equal outcome. Conditions are emitted once per outcome, as a branch can reach them
// anywhere.
class TreeEmitter {
 public:
  TreeEmitter(ProgramBuilder& builder, const OutcomeRanges& ranges) : builder_(builder), ranges_(ranges) {}

  Label emit(size_t begin, size_t end) {
    if (end - begin == 1) return emit_outcome(ranges_[begin].second);
    // One number that differs from both its neighbours needs one test instead of two.
    if (end - begin == 3 && ranges_[begin + 2].first == ranges_[begin + 1].first + 1 &&
        ranges_[begin].second == ranges_[begin + 2].second) {
      Label around = emit_outcome(ranges_[begin].second);
      Label inside = emit_outcome(ranges_[begin + 1].second);
      return builder_.branch(BPF_JEQ, ranges_[begin + 1].first, inside, around);
    }
    size_t middle = begin + (end - begin) / 2;
    Label below = emit(begin, middle);
    Label from = emit(middle, end);
    return builder_.branch(BPF_JGE, ranges_[middle].first, from, below);
  }

 private:
  Label emit_outcome(const Outcome& outcome) {
    if (outcome.conditions.empty()) return builder_.ret(outcome.action);
    for (const auto& [known, label] : emitted_)
      if (*known == outcome) return label;
    Label next = builder_.ret(outcome.action);
    for (auto each = outcome.conditions.rbegin(); each != outcome.conditions.rend(); ++each) {
      Label yes = builder_.ret(each->action);
      for (auto check = each->checks.rbegin(); check != each->checks.rend(); ++check)
        yes = emit_check(builder_, *check, outcome.words_only, yes, next);
      next = yes;
    }
    emitted_.emplace_back(&outcome, next);
    return next;
  }

  ProgramBuilder& builder_;
  const OutcomeRanges& ranges_;
  std::vector<std::pair<const Outcome*, Label>> emitted_;
};

}  // namespace

void append_range(OutcomeRanges& ranges, uint32_t first, const Outcome& outcome) {
  if (!ranges.empty() && ranges.back().first == first) ranges.pop_back();
  if (ranges.empty() || ranges.back().second != outcome) ranges.emplace_back(first, outcome);
}

Label emit_decision(ProgramBuilder& builder, const OutcomeRanges& ranges) {
  Label tree = TreeEmitter(builder, ranges).emit(0, ranges.size());
  return builder.load(offsetof(seccomp_data, nr), tree);
}

}  // namespace nemoclaw::isolation
