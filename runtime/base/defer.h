// Runs a function at the end of the scope unless dismissed: the undo of a step that is not complete yet.
#pragma once

#include <utility>

namespace nemoclaw {

template <typename F>
class [[nodiscard]] Defer {
 public:
  explicit Defer(F function) : function_(std::move(function)) {}
  ~Defer() {
    if (armed_) function_();
  }
  Defer(const Defer&) = delete;
  Defer& operator=(const Defer&) = delete;
  void dismiss() { armed_ = false; }

 private:
  F function_;
  bool armed_ = true;
};

}  // namespace nemoclaw
