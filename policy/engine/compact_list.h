// A list that nearly always has one item, which then needs no memory of its own: a policy may have thousands.
#pragma once

#include <memory>
#include <span>
#include <vector>

namespace nemoclaw::policy {

template <typename T>
class CompactList {
 public:
  void push_back(const T& value) {
    if (!has_one_ && !all_) {
      one_ = value;
      has_one_ = true;
      return;
    }
    if (!all_) all_ = std::make_unique<std::vector<T>>(1, one_);
    all_->push_back(value);
  }
  std::span<const T> items() const {
    return all_ ? std::span<const T>(*all_) : std::span<const T>(&one_, has_one_ ? 1 : 0);
  }
  size_t size() const { return items().size(); }
  bool empty() const { return items().empty(); }
  const T& back() const { return items().back(); }
  auto begin() const { return items().begin(); }
  auto end() const { return items().end(); }

 private:
  std::unique_ptr<std::vector<T>> all_;  // with the first, once there are two
  T one_{};
  bool has_one_ = false;
};

}  // namespace nemoclaw::policy
