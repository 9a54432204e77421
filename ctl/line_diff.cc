#include "ctl/line_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/base/error.h"

namespace nemoclaw::ctl {
namespace {

constexpr size_t kContext = 3;
// Beyond it everything that differs is shown as replaced: the table grows with the product.
constexpr size_t kTableMax = size_t{16} << 20;

using Lines = std::vector<std::string_view>;

struct Step {
  char sign;  // ' ', '-', '+'
  std::string_view line;
};

Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// The longest common subsequence, by the table of its lengths.
void add_steps(const Lines& before, const Lines& after, std::vector<Step>& steps) {
  const size_t width = after.size() + 1;
  std::vector<uint32_t> lengths((before.size() + 1) * width);
  for (size_t i = before.size(); i-- > 0;)
    for (size_t j = after.size(); j-- > 0;)
      lengths[i * width + j] = before[i] == after[j]
                                   ? lengths[(i + 1) * width + j + 1] + 1
                                   : std::max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
  size_t i = 0, j = 0;
  while (i < before.size() || j < after.size()) {
    if (i < before.size() && j < after.size() && before[i] == after[j]) {
      steps.push_back({' ', before[i++]});
      ++j;
    } else if (j == after.size() ||
               (i < before.size() && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
      steps.push_back({'-', before[i++]});
    } else {
      steps.push_back({'+', after[j++]});
    }
  }
}

std::vector<Step> steps_between(const Lines& before, const Lines& after) {
  size_t head = 0, tail = 0;
  const size_t shorter = std::min(before.size(), after.size());
  while (head < shorter && before[head] == after[head]) ++head;
  while (tail < shorter - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
  std::vector<Step> steps;
  for (size_t i = 0; i < head; ++i) steps.push_back({' ', before[i]});
  const Lines old(before.begin() + static_cast<std::ptrdiff_t>(head),
                  before.end() - static_cast<std::ptrdiff_t>(tail));
  const Lines now(after.begin() + static_cast<std::ptrdiff_t>(head),
                  after.end() - static_cast<std::ptrdiff_t>(tail));
  if ((old.size() + 1) * (now.size() + 1) <= kTableMax) {
    add_steps(old, now, steps);
  } else {
    for (std::string_view line : old) steps.push_back({'-', line});
    for (std::string_view line : now) steps.push_back({'+', line});
  }
  for (size_t i = before.size() - tail; i < before.size(); ++i) steps.push_back({' ', before[i]});
  return steps;
}

// One past the last step of the hunk that starts at `first`: changes closer than twice the context belong
// together.
size_t end_of_hunk(const std::vector<Step>& steps, size_t first) {
  size_t last = first;
  for (size_t i = first; i < steps.size() && i <= last + 2 * kContext; ++i)
    if (steps[i].sign != ' ') last = i;
  return std::min(last + 1 + kContext, steps.size());
}

std::string coloured(const Step& step, bool colour) {
  const std::string line = step.sign + std::string(step.line);
  if (!colour || step.sign == ' ') return line + "\n";
  return (step.sign == '+' ? "\033[32m" : "\033[31m") + line + "\033[0m\n";
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view name,
                         bool colour) {
  if (before == after) return {};
  const std::vector<Step> steps = steps_between(split(before), split(after));
  std::string text = "--- " + std::string(name) + "\n+++ " + std::string(name) + "\n";
  size_t old_line = 1, new_line = 1, done = 0;
  const auto pass = [&](size_t until) {
    for (; done < until; ++done) {
      old_line += steps[done].sign != '+';
      new_line += steps[done].sign != '-';
    }
  };
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].sign == ' ') continue;
    pass(std::max(done, i - std::min(i, kContext)));
    const size_t first = done, old_first = old_line, new_first = new_line;
    pass(end_of_hunk(steps, i));
    text +=
        format("@@ -%zu,%zu +%zu,%zu @@\n", old_first, old_line - old_first, new_first, new_line - new_first);
    for (size_t each = first; each < done; ++each) text += coloured(steps[each], colour);
    i = done - 1;
  }
  return text;
}

}  // namespace nemoclaw::ctl
