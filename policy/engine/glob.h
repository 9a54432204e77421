// Globs over canonical paths and over dotted names, compiled once. Time is at most the product of the
// pattern's and the text's length, whatever stands in them: no backtracking.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nemoclaw::policy {

// `*` any run, `?` one byte, `[a-z]` and `[!x]` one of (not) these, `{a,b}` either: none of them crosses the
// separator. `**` any run and crosses it. A '[' or '{' that is never closed stands for itself.
class Glob {
 public:
  // Separator '/'; `**` crosses only as a whole component (elsewhere it is `*`), and the slashes around it
  // are still asked for: `/x/**` does not match `/x`, `/**/x` does not match `/x`. "**" alone matches
  // everything. Escapes and bytes that a canonical path never holds plain are brought to canonical form.
  static Glob path(std::string_view pattern);
  // Separator '.'; for query values, GraphQL names, tools and RPC methods.
  static Glob name(std::string_view pattern);

  bool matches(std::string_view text) const;
  std::string_view text() const { return std::string_view(bytes_).substr(0, text_size_); }
  bool is_exact() const { return kind_ == Kind::Exact; }
  // The bytes before the first wildcard, in canonical form.
  std::string_view literal_prefix() const {
    return std::string_view(bytes_).substr(prefix_start(), prefix_size_);
  }

 private:
  friend class GlobCompiler;
  using Set = std::bitset<256>;

  enum class Kind : uint8_t { Exact, PrefixAndAnything, Program };
  // A program is bytes, because a policy has thousands of patterns: an operation, or a byte of the text that
  // stands for itself. Operations have values that no UTF-8 text holds. Every jump leads forward; only Loop
  // stays where it is. So one pass over the active places in ascending order does both the jumps and the
  // step.
  enum Op : uint8_t { NotSeparator = 0xf8, LoopNotSeparator, LoopAny, InSet, Fork, Jump };
  // Behind InSet, Fork and Jump: index into sets, index into forks, where to.
  static constexpr size_t kOperandSize = 3;

  struct Machine;  // executes a program

  size_t prefix_start() const { return own_prefix_ ? text_size_ : 0; }
  size_t program_start() const { return text_size_ + (own_prefix_ ? prefix_size_ : 0); }

  // The text; its literal prefix, where the canonical form of that reads otherwise; the program after the
  // prefix, whose end is the match.
  std::string bytes_;
  uint32_t text_size_ = 0, prefix_size_ = 0;
  bool own_prefix_ = false;
  Kind kind_ = Kind::Exact;
  uint8_t separator_ = '/';
  // Only of patterns with brackets or braces.
  struct Branches {
    std::vector<Set> sets;
    std::vector<std::vector<uint32_t>> forks;
  };
  std::unique_ptr<const Branches> branches_;
};

}  // namespace nemoclaw::policy
