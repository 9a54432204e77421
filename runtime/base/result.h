// Result<T>: a value or an Error, with the member names of std::expected; TRY returns the error to the caller.
//
//   Result<Fd> open_config(...) {
//     Fd fd = TRY(open_at(...));                     // return the error as it is
//     TRY_CONTEXT(write_all(fd, text), "write pid file");   // "write pid file: ..."
//     return fd;
//   }
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "runtime/base/error.h"

namespace nemoclaw {

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // Lets `return {};`-like conversions work for types that convert to T (a string literal for std::string).
  template <typename U>
    requires(std::is_convertible_v<U, T> && !std::is_same_v<std::decay_t<U>, T> &&
             !std::is_same_v<std::decay_t<U>, Error> && !std::is_same_v<std::decay_t<U>, Result>)
  Result(U&& value) : state_(std::in_place_index<0>, T(std::forward<U>(value))) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  Error& error() & { return *std::get_if<1>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  template <typename U>
  T value_or(U&& fallback) && {
    return has_value() ? std::move(*this).value() : static_cast<T>(std::forward<U>(fallback));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void value() const {}
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace nemoclaw

#define TRY(expression)                                               \
  __extension__({                                                     \
    auto try_result_ = (expression);                                  \
    if (!try_result_.has_value()) return std::move(try_result_).error(); \
    std::move(try_result_).value();                                   \
  })

#define TRY_CONTEXT(expression, context)                                                      \
  __extension__({                                                                             \
    auto try_result_ = (expression);                                                          \
    if (!try_result_.has_value()) return std::move(try_result_).error().with_context(context); \
    std::move(try_result_).value();                                                           \
  })
