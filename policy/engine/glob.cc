#include "policy/engine/glob.h"

#include <cstring>

#include "policy/engine/glob_compiler.h"

namespace nemoclaw::policy {
namespace {

constexpr size_t kStackWords = 8;  // 512 instructions, which is every pattern that a person writes

void activate(uint64_t* set, size_t at) { set[at / 64] |= uint64_t{1} << (at % 64); }

}  // namespace

Glob Glob::path(std::string_view pattern) { return GlobCompiler(pattern, '/', true).compile(); }

Glob Glob::name(std::string_view pattern) { return GlobCompiler(pattern, '.', false).compile(); }

bool Glob::matches(std::string_view text) const {
  if (text.size() < prefix_size_ || std::memcmp(text.data(), bytes_.data(), prefix_size_) != 0) return false;
  text.remove_prefix(prefix_size_);
  if (kind_ == Kind::Exact) return text.empty();
  if (kind_ == Kind::PrefixAndAnything) return true;
  size_t at = 0;
  const Walk walked = walk(at, text);
  return walked == Walk::Forks ? run(at, text) : walked == Walk::Matches;
}

// Whether the instruction can lead anywhere with this byte (-1: the text has ended). Errs on the side of yes.
bool Glob::can_take(size_t at, int byte) const {
  while (at < machine_->program.size() && machine_->program[at].op == Op::Jump)
    at = machine_->program[at].target;
  if (at == machine_->program.size()) return byte < 0;
  const Instruction& instruction = machine_->program[at];
  switch (instruction.op) {
    case Op::Byte:
      return byte == instruction.byte;
    case Op::NotSeparator:
      return byte >= 0 && byte != separator_;
    case Op::InSet:
      return byte >= 0 && machine_->sets[instruction.target][static_cast<size_t>(byte)];
    default:
      return true;
  }
}

Glob::Walk Glob::walk(size_t& at, std::string_view& text) const {
  for (;;) {
    if (at == machine_->program.size()) return text.empty() ? Walk::Matches : Walk::Fails;
    const Instruction& instruction = machine_->program[at];
    const int byte = text.empty() ? -1 : static_cast<unsigned char>(text[0]);
    switch (instruction.op) {
      case Op::Byte:
      case Op::NotSeparator:
      case Op::InSet:
        if (!can_take(at, byte)) return Walk::Fails;
        ++at;
        text.remove_prefix(1);
        break;
      case Op::LoopNotSeparator:
      case Op::LoopAny: {
        const bool stays = byte >= 0 && (instruction.op == Op::LoopAny || byte != separator_);
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
      case Op::Fork: {
        size_t chosen = machine_->program.size() + 1;
        for (uint32_t target : machine_->forks[instruction.target]) {
          if (!can_take(target, byte)) continue;
          if (chosen <= machine_->program.size()) return Walk::Forks;
          chosen = target;
        }
        if (chosen > machine_->program.size()) return Walk::Fails;
        at = chosen;
        break;
      }
      case Op::Jump:
        at = instruction.target;
        break;
    }
  }
}

bool Glob::run(size_t start, std::string_view text) const {
  const size_t words = machine_->program.size() / 64 + 1;  // one bit more for the match
  if (words <= kStackWords) {
    uint64_t now[kStackWords] = {}, next[kStackWords] = {};
    activate(now, start);
    return run(text, now, next, words);
  }
  std::vector<uint64_t> sets(words * 2);
  activate(sets.data(), start);
  return run(text, sets.data(), sets.data() + words, words);
}

// One active instruction, with the byte at hand (-1: the text has ended, jumps only).
void Glob::step(size_t at, uint64_t* now, uint64_t* next, int byte) const {
  const Instruction& instruction = machine_->program[at];
  const bool crosses = byte != separator_;
  switch (instruction.op) {
    case Op::Byte:
      if (byte == instruction.byte) activate(next, at + 1);
      return;
    case Op::NotSeparator:
      if (byte >= 0 && crosses) activate(next, at + 1);
      return;
    case Op::InSet:
      if (byte >= 0 && machine_->sets[instruction.target][static_cast<size_t>(byte)]) activate(next, at + 1);
      return;
    case Op::LoopNotSeparator:
      if (byte >= 0 && crosses) activate(next, at);
      activate(now, at + 1);
      return;
    case Op::LoopAny:
      if (byte >= 0) activate(next, at);
      activate(now, at + 1);
      return;
    case Op::Fork:
      for (uint32_t target : machine_->forks[instruction.target]) activate(now, target);
      return;
    case Op::Jump:
      activate(now, instruction.target);
      return;
  }
}

bool Glob::run(std::string_view text, uint64_t* now, uint64_t* next, size_t words) const {
  const size_t end = machine_->program.size();
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
        if (at < end) step(at, now, next, byte);
      }
    }
    if (byte < 0) return (now[end / 64] >> (end % 64) & 1) != 0;
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
