#include "policy/engine/glob.h"

#include <cstring>

#include "policy/engine/glob_compiler.h"

namespace nemoclaw::policy {
namespace {

constexpr size_t kStackWords = 8;  // 512 bytes of program, which is every pattern that a person writes

void activate(uint64_t* set, size_t at) { set[at / 64] |= uint64_t{1} << (at % 64); }

}  // namespace

Glob Glob::path(std::string_view pattern) { return GlobCompiler(pattern, '/', true).compile(); }

Glob Glob::name(std::string_view pattern) { return GlobCompiler(pattern, '.', false).compile(); }

struct Glob::Machine {
  const uint8_t* program;
  size_t size;
  const Branches* branches;
  uint8_t separator;

  enum class Walk : uint8_t { Matches, Fails, Forks };
  // Goes on while one place is active, which is nearly always; at and text are where it stopped.
  Walk walk(size_t& at, std::string_view& text) const;
  bool run(size_t start, std::string_view text) const;

 private:
  bool can_take(size_t at, int byte) const;
  void skip(size_t at, std::string_view& text) const;
  void step(size_t at, uint64_t* now, uint64_t* next, int byte) const;
  bool run(std::string_view text, uint64_t* now, uint64_t* next, size_t words) const;
  uint32_t operand(size_t at) const {
    return uint32_t{program[at + 1]} << 16 | uint32_t{program[at + 2]} << 8 | program[at + 3];
  }
};

bool Glob::matches(std::string_view text) const {
  if (text.size() < prefix_size_ ||
      std::memcmp(text.data(), bytes_.data() + prefix_start(), prefix_size_) != 0)
    return false;
  text.remove_prefix(prefix_size_);
  if (kind_ == Kind::Exact) return text.empty();
  if (kind_ == Kind::PrefixAndAnything) return true;
  const std::string_view program = std::string_view(bytes_).substr(program_start());
  const Machine machine = {reinterpret_cast<const uint8_t*>(program.data()), program.size(), branches_.get(),
                           separator_};
  size_t at = 0;
  const auto walked = machine.walk(at, text);
  return walked == Machine::Walk::Forks ? machine.run(at, text) : walked == Machine::Walk::Matches;
}

// Whether the operation can lead anywhere with this byte (-1: the text has ended). Errs on the side of yes.
bool Glob::Machine::can_take(size_t at, int byte) const {
  while (at < size && program[at] == Jump) at = operand(at);
  if (at == size) return byte < 0;
  switch (program[at]) {
    case NotSeparator:
      return byte >= 0 && byte != separator;
    case InSet:
      return byte >= 0 && branches->sets[operand(at)][static_cast<size_t>(byte)];
    case LoopNotSeparator:
    case LoopAny:
    case Fork:
      return true;
    default:
      return byte == program[at];
  }
}

// The bytes that only the loop at `at` can take, where text or nothing follows it.
void Glob::Machine::skip(size_t at, std::string_view& text) const {
  const bool any = program[at] == LoopAny, last = at + 1 == size;
  if (!last && program[at + 1] >= NotSeparator) return;
  const auto stops = [&](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return (!any && byte == separator) || (!last && byte == program[at + 1]);
  };
  size_t taken = 0;
  while (taken < text.size() && !stops(text[taken])) ++taken;
  text.remove_prefix(taken);
}

Glob::Machine::Walk Glob::Machine::walk(size_t& at, std::string_view& text) const {
  for (;;) {
    // Text, which most of a program is.
    while (at < size && program[at] < NotSeparator) {
      if (text.empty() || static_cast<uint8_t>(text[0]) != program[at]) return Walk::Fails;
      ++at;
      text.remove_prefix(1);
    }
    if (at == size) return text.empty() ? Walk::Matches : Walk::Fails;
    if (program[at] == LoopNotSeparator || program[at] == LoopAny) skip(at, text);
    const int byte = text.empty() ? -1 : static_cast<unsigned char>(text[0]);
    switch (program[at]) {
      case LoopNotSeparator:
      case LoopAny: {
        const bool stays = byte >= 0 && (program[at] == LoopAny || byte != separator);
        const bool leaves = can_take(at + 1, byte);
        if (stays && leaves) return Walk::Forks;
        if (stays)
          text.remove_prefix(1);
        else if (leaves)
          ++at;
        else
          return Walk::Fails;
        break;
      }
      case Fork: {
        size_t chosen = size + 1;
        for (uint32_t target : branches->forks[operand(at)]) {
          if (!can_take(target, byte)) continue;
          if (chosen <= size) return Walk::Forks;
          chosen = target;
        }
        if (chosen > size) return Walk::Fails;
        at = chosen;
        break;
      }
      case Jump:
        at = operand(at);
        break;
      default:
        if (!can_take(at, byte)) return Walk::Fails;
        at += program[at] == InSet ? 1 + kOperandSize : 1;
        text.remove_prefix(1);
    }
  }
}

bool Glob::Machine::run(size_t start, std::string_view text) const {
  const size_t words = size / 64 + 1;  // one bit more for the match
  if (words <= kStackWords) {
    uint64_t now[kStackWords] = {}, next[kStackWords] = {};
    activate(now, start);
    return run(text, now, next, words);
  }
  std::vector<uint64_t> sets(words * 2);
  activate(sets.data(), start);
  return run(text, sets.data(), sets.data() + words, words);
}

// One active place, with the byte at hand (-1: the text has ended, jumps only).
void Glob::Machine::step(size_t at, uint64_t* now, uint64_t* next, int byte) const {
  const bool crosses = byte != separator;
  switch (program[at]) {
    case NotSeparator:
      if (byte >= 0 && crosses) activate(next, at + 1);
      return;
    case InSet:
      if (byte >= 0 && branches->sets[operand(at)][static_cast<size_t>(byte)])
        activate(next, at + 1 + kOperandSize);
      return;
    case LoopNotSeparator:
      if (byte >= 0 && crosses) activate(next, at);
      activate(now, at + 1);
      return;
    case LoopAny:
      if (byte >= 0) activate(next, at);
      activate(now, at + 1);
      return;
    case Fork:
      for (uint32_t target : branches->forks[operand(at)]) activate(now, target);
      return;
    case Jump:
      activate(now, operand(at));
      return;
    default:
      if (byte == program[at]) activate(next, at + 1);
  }
}

bool Glob::Machine::run(std::string_view text, uint64_t* now, uint64_t* next, size_t words) const {
  for (size_t i = 0; i <= text.size(); ++i) {
    const int byte = i < text.size() ? static_cast<unsigned char>(text[i]) : -1;
    bool alive = false;
    for (size_t word = 0; word < words; ++word) {
      uint64_t done = 0;
      // Jumps add bits ahead of the one at hand, also in this word: read it anew each time.
      while (const uint64_t left = now[word] & ~done) {
        const uint64_t bit = left & (~left + 1);
        done |= bit;
        const size_t at = word * 64 + static_cast<size_t>(__builtin_ctzll(bit));
        if (at < size) step(at, now, next, byte);
      }
    }
    if (byte < 0) return (now[size / 64] >> (size % 64) & 1) != 0;
    for (size_t word = 0; word < words; ++word) {
      now[word] = next[word];
      next[word] = 0;
      alive = alive || now[word] != 0;
    }
    if (!alive) return false;
  }
  return false;
}

}  // namespace nemoclaw::policy
