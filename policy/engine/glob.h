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
  std::string_view text() const { return std::string_view(bytes_).substr(text_start_); }
  bool is_exact() const { return kind_ == Kind::Exact; }
  // The bytes before the first wildcard, in canonical form.
  std::string_view literal_prefix() const { return std::string_view(bytes_).substr(0, prefix_size_); }

 private:
  friend class GlobCompiler;
  using Set = std::bitset<256>;

  enum class Kind : uint8_t { Exact, PrefixAndAnything, Program };
  // Every jump leads forward; only Loop stays where it is. So one pass over the active instructions in
  // ascending order does both the jumps and the step.
  enum class Op : uint8_t { Byte, NotSeparator, InSet, LoopNotSeparator, LoopAny, Fork, Jump };
  struct Instruction {
    Op op;
    uint8_t byte = 0;     // Byte
    uint32_t target = 0;  // Jump: where to; Fork: index into forks; InSet: index into sets
  };

  enum class Walk : uint8_t { Matches, Fails, Forks };
  // Goes on while one instruction is active, which is nearly always; at and text are where it stopped.
  Walk walk(size_t& at, std::string_view& text) const;
  bool can_take(size_t at, int byte) const;
  bool run(size_t start, std::string_view text) const;
  bool run(std::string_view text, uint64_t* now, uint64_t* next, size_t words) const;
  void step(size_t at, uint64_t* now, uint64_t* next, int byte) const;

  // The text; behind its literal prefix, where the canonical form of that reads otherwise.
  std::string bytes_;
  uint32_t prefix_size_ = 0, text_start_ = 0;
  Kind kind_ = Kind::Exact;
  uint8_t separator_ = '/';
  // Only of patterns that have more than a literal start: most have not, and a policy may have thousands.
  struct Machine {
    std::vector<Instruction> program;  // after the prefix; its end is the match
    std::vector<Set> sets;
    std::vector<std::vector<uint32_t>> forks;
  };
  std::unique_ptr<const Machine> machine_;
};

}  // namespace nemoclaw::policy
