// Collects what is wrong with a text, so that everything is reported at once and in the order of the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/parse/parse.h"

namespace nemoclaw::policy {

class Diagnostics {
 public:
  // Far beyond what a person reads in one go; a hostile file must not make a message of megabytes.
  static constexpr size_t kMax = 100;

  explicit Diagnostics(std::string_view text) : text_(text) {}

  void error(const char* code, Location at, std::string message, std::string remedy = {});
  void warning(const char* code, Location at, std::string message, std::string remedy = {});
  bool has_error() const { return has_error_; }
  // Sorted by place, with the source lines filled in.
  std::vector<Diagnostic> take();

 private:
  void add(Severity severity, const char* code, Location at, std::string message, std::string remedy);

  std::string_view text_;
  std::vector<Diagnostic> found_;
  size_t dropped_ = 0;
  bool has_error_ = false;
};

// The candidate nearest to `word` by edit distance, if it is near enough to be what was meant; else "".
std::string nearest_word(std::string_view word, const std::vector<std::string_view>& candidates);
// "did you mean 'x'?" or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace nemoclaw::policy
