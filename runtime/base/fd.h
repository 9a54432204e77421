// Fd owns a descriptor and closes it; FdRef borrows one. A raw int descriptor never crosses a header.
#pragma once

#include <fcntl.h>

#include <utility>

namespace nemoclaw {

class Fd;

class FdRef {
 public:
  constexpr FdRef() = default;
  explicit constexpr FdRef(int raw) : raw_(raw) {}
  FdRef(const Fd& fd);
  // openat(2)'s "relative to the working directory".
  static constexpr FdRef cwd() { return FdRef(AT_FDCWD); }

  constexpr int raw() const { return raw_; }
  constexpr bool valid() const { return raw_ >= 0; }

 private:
  int raw_ = -1;
};

class Fd {
 public:
  Fd() = default;
  explicit Fd(int raw) : raw_(raw) {}  // takes ownership
  Fd(Fd&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      raw_ = std::exchange(other.raw_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int raw() const { return raw_; }
  bool valid() const { return raw_ >= 0; }
  int release() { return std::exchange(raw_, -1); }
  void reset();

 private:
  int raw_ = -1;
};

inline FdRef::FdRef(const Fd& fd) : raw_(fd.raw()) {}

}  // namespace nemoclaw
