// A list that lives on the stack while it is short.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace nemoclaw::policy {

template <typename T, size_t N>
class SmallList {
 public:
  void push_back(const T& value) {
    if (more_.empty() && size_ < N) {
      few_[size_++] = value;
      return;
    }
    if (more_.empty()) more_.assign(few_.begin(), few_.end());
    more_.push_back(value);
  }
  std::span<T> items() { return more_.empty() ? std::span<T>(few_.data(), size_) : std::span<T>(more_); }
  // Sorted, each once.
  std::span<T> sort() {
    const std::span<T> all = items();
    std::sort(all.begin(), all.end());
    return all.first(static_cast<size_t>(std::unique(all.begin(), all.end()) - all.begin()));
  }

 private:
  std::array<T, N> few_;
  size_t size_ = 0;
  std::vector<T> more_;
};

}  // namespace nemoclaw::policy
