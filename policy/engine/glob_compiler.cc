#include "policy/engine/glob_compiler.h"

#include "policy/engine/escape.h"

namespace nemoclaw::policy {
namespace {

constexpr unsigned kDepthMax = 16;  // of braces; a '{' below that stands for itself

}  // namespace

GlobCompiler::GlobCompiler(std::string_view pattern, char separator, bool is_path)
    : pattern_(pattern), is_path_(is_path) {
  glob_.separator_ = static_cast<uint8_t>(separator);
}

Glob GlobCompiler::compile() {
  sequence(pattern_.size());
  // What stands before the first wildcard is compared at once.
  size_t literals = 0;
  const auto& program = machine_.program;
  while (literals < program.size() && program[literals].op == Op::Byte) ++literals;
  for (size_t i = 0; i < literals; ++i) glob_.bytes_ += static_cast<char>(program[i].byte);
  glob_.prefix_size_ = static_cast<uint32_t>(literals);
  if (pattern_.starts_with(glob_.bytes_))
    glob_.bytes_ = pattern_;
  else
    glob_.text_start_ = glob_.prefix_size_, glob_.bytes_ += pattern_;
  if (literals == program.size()) {
    glob_.kind_ = Glob::Kind::Exact;
  } else if (literals + 1 == program.size() && program[literals].op == Op::LoopAny) {
    glob_.kind_ = Glob::Kind::PrefixAndAnything;
  } else {
    glob_.kind_ = Glob::Kind::Program;
  }
  machine_.program.erase(machine_.program.begin(),
                         machine_.program.begin() + static_cast<std::ptrdiff_t>(literals));
  const auto moved = static_cast<uint32_t>(literals);
  for (Glob::Instruction& instruction : machine_.program)
    if (instruction.op == Op::Jump) instruction.target -= moved;
  for (auto& targets : machine_.forks)
    for (uint32_t& target : targets) target -= moved;
  if (glob_.kind_ == Glob::Kind::Program)
    glob_.machine_ = std::make_unique<const Glob::Machine>(std::move(machine_));
  return std::move(glob_);
}

void GlobCompiler::emit(Op op, uint8_t byte, uint32_t target) {
  machine_.program.push_back({op, byte, target});
}

void GlobCompiler::sequence(size_t end) {
  while (at_ < end) {
    const char c = pattern_[at_];
    if (c == '*') {
      star(end);
    } else if (c == '?') {
      emit(Op::NotSeparator);
      ++at_;
    } else if (!(c == '[' && char_class(end)) && !(c == '{' && braces(end))) {
      literal();
    }
  }
}

// The place before `at` or at `at` ends a component: start, end, separator, or the edge of an alternative.
bool GlobCompiler::is_boundary(size_t at, size_t end) const {
  if (at == pattern_.size() || at >= end) return true;
  const char c = pattern_[at];
  return c == static_cast<char>(glob_.separator_) || (depth_ > 0 && (c == ',' || c == '}'));
}

void GlobCompiler::star(size_t end) {
  const size_t start = at_;
  while (at_ < end && pattern_[at_] == '*') ++at_;
  bool crosses = at_ - start == 2 || (!is_path_ && at_ - start > 2);
  if (crosses && is_path_) {
    const bool opens = start == 0 || pattern_[start - 1] == '/' ||
                       (depth_ > 0 && (pattern_[start - 1] == '{' || pattern_[start - 1] == ','));
    crosses = opens && is_boundary(at_, end);
  }
  emit(crosses ? Op::LoopAny : Op::LoopNotSeparator);
}

// "[a-z0-9_]", "[!x]". A ']' right after the opening is a member, as everywhere else.
bool GlobCompiler::char_class(size_t end) {
  size_t i = at_ + 1;
  const bool negated = i < end && pattern_[i] == '!';
  if (negated) ++i;
  Glob::Set set;
  for (bool first = true; i < end && (first || pattern_[i] != ']'); first = false, ++i) {
    const auto low = static_cast<unsigned char>(pattern_[i]);
    auto high = low;
    if (i + 2 < end && pattern_[i + 1] == '-' && pattern_[i + 2] != ']') {
      high = static_cast<unsigned char>(pattern_[i + 2]);
      i += 2;
    }
    for (unsigned byte = low; byte <= high; ++byte) set.set(byte);
  }
  if (i >= end) return false;
  if (negated) set.flip();
  set.reset(glob_.separator_);
  machine_.sets.push_back(set);
  emit(Op::InSet, 0, static_cast<uint32_t>(machine_.sets.size() - 1));
  at_ = i + 1;
  return true;
}

size_t GlobCompiler::closing_brace(size_t from, size_t end) const {
  unsigned open = 0;
  for (size_t i = from; i < end; ++i) {
    if (pattern_[i] == '{') ++open;
    if (pattern_[i] == '}' && --open == 0) return i;
  }
  return end;
}

bool GlobCompiler::braces(size_t end) {
  const size_t close = closing_brace(at_, end);
  if (close == end || depth_ == kDepthMax) return false;
  ++depth_;
  const size_t fork = machine_.forks.size();
  machine_.forks.emplace_back();
  emit(Op::Fork, 0, static_cast<uint32_t>(fork));
  std::vector<size_t> jumps;
  for (++at_;;) {
    size_t stop = at_;
    for (unsigned open = 0; stop < close && (open > 0 || pattern_[stop] != ','); ++stop) {
      if (pattern_[stop] == '{') ++open;
      if (pattern_[stop] == '}') --open;
    }
    machine_.forks[fork].push_back(static_cast<uint32_t>(machine_.program.size()));
    sequence(stop);
    jumps.push_back(machine_.program.size());
    emit(Op::Jump);
    at_ = stop + 1;
    if (stop == close) break;
  }
  for (size_t jump : jumps) machine_.program[jump].target = static_cast<uint32_t>(machine_.program.size());
  --depth_;
  return true;
}

// Of a path: "%2a", "%41" and bytes that a canonical path writes as an escape are brought to its form.
void GlobCompiler::literal() {
  auto byte = static_cast<unsigned char>(pattern_[at_]);
  if (!is_path_) {
    emit(Op::Byte, byte);
    ++at_;
    return;
  }
  const int escaped = decode_escape(pattern_.substr(at_));
  at_ += escaped < 0 ? 1 : 3;
  const bool keep = escaped < 0 && byte == '/';
  if (escaped >= 0) byte = static_cast<unsigned char>(escaped);
  std::string canonical;
  if (keep)
    canonical = "/";
  else
    append_escaped(canonical, byte);
  for (char c : canonical) emit(Op::Byte, static_cast<uint8_t>(c));
}

}  // namespace nemoclaw::policy
