#include "policy/engine/glob_compiler.h"

#include <algorithm>

#include "policy/engine/escape.h"

namespace nemoclaw::policy {
namespace {

constexpr unsigned kDepthMax = 16;  // of braces; a '{' below that stands for itself

bool is_operation(char c) { return static_cast<uint8_t>(c) >= 0xf8; }

}  // namespace

GlobCompiler::GlobCompiler(std::string_view pattern, char separator, bool is_path)
    : pattern_(pattern), is_path_(is_path) {
  glob_.separator_ = static_cast<uint8_t>(separator);
}

Glob GlobCompiler::compile() {
  sequence(pattern_.size());
  // What stands before the first operation is compared at once.
  const auto first = std::find_if(program_.begin(), program_.end(), is_operation);
  const std::string prefix(program_.begin(), first);
  cut_prefix(prefix.size());
  if (program_.empty()) {
    glob_.kind_ = Glob::Kind::Exact;
  } else if (program_.size() == 1 && program_[0] == static_cast<char>(Glob::LoopAny)) {
    glob_.kind_ = Glob::Kind::PrefixAndAnything;
    program_.clear();
  } else {
    glob_.kind_ = Glob::Kind::Program;
  }
  glob_.text_size_ = static_cast<uint32_t>(pattern_.size());
  glob_.prefix_size_ = static_cast<uint32_t>(prefix.size());
  glob_.own_prefix_ = !pattern_.starts_with(prefix);
  const std::string_view own = glob_.own_prefix_ ? std::string_view(prefix) : std::string_view();
  glob_.bytes_.reserve(pattern_.size() + own.size() + program_.size());
  glob_.bytes_.append(pattern_).append(own).append(program_);
  if (!branches_.sets.empty() || !branches_.forks.empty())
    glob_.branches_ = std::make_unique<const Glob::Branches>(std::move(branches_));
  return std::move(glob_);
}

void GlobCompiler::cut_prefix(size_t size) {
  for (size_t at = size; at < program_.size();) {
    const auto op = static_cast<uint8_t>(program_[at]);
    if (op == Glob::Jump) set_operand(at, operand(at) - size);
    at += op >= Glob::InSet ? 1 + Glob::kOperandSize : 1;
  }
  for (auto& targets : branches_.forks)
    for (uint32_t& target : targets) target -= static_cast<uint32_t>(size);
  program_.erase(0, size);
}

void GlobCompiler::emit(uint8_t op, size_t operand) {
  const size_t at = program_.size();
  program_ += static_cast<char>(op);
  program_.append(Glob::kOperandSize, '\0');
  set_operand(at, operand);
}

void GlobCompiler::emit_text(unsigned char byte) {
  if (!is_operation(static_cast<char>(byte))) {
    program_ += static_cast<char>(byte);
    return;
  }
  Glob::Set only;
  only.set(byte);
  emit_set(only);
}

void GlobCompiler::emit_set(const Glob::Set& set) {
  branches_.sets.push_back(set);
  emit(Glob::InSet, branches_.sets.size() - 1);
}

// Three bytes are enough: a policy has at most 1 MiB, and an escape makes three of one.
void GlobCompiler::set_operand(size_t at, size_t operand) {
  for (size_t i = 0; i < Glob::kOperandSize; ++i)
    program_[at + 1 + i] = static_cast<char>(operand >> (8 * (Glob::kOperandSize - 1 - i)) & 0xff);
}

size_t GlobCompiler::operand(size_t at) const {
  size_t value = 0;
  for (size_t i = 0; i < Glob::kOperandSize; ++i)
    value = value << 8 | static_cast<uint8_t>(program_[at + 1 + i]);
  return value;
}

void GlobCompiler::sequence(size_t end) {
  while (at_ < end) {
    const char c = pattern_[at_];
    if (c == '*') {
      star(end);
    } else if (c == '?') {
      emit(Glob::NotSeparator);
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
  emit(crosses ? Glob::LoopAny : Glob::LoopNotSeparator);
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
  emit_set(set);
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
  const size_t fork = branches_.forks.size();
  branches_.forks.emplace_back();
  emit(Glob::Fork, fork);
  std::vector<size_t> jumps;
  for (++at_;;) {
    size_t stop = at_;
    for (unsigned open = 0; stop < close && (open > 0 || pattern_[stop] != ','); ++stop) {
      if (pattern_[stop] == '{') ++open;
      if (pattern_[stop] == '}') --open;
    }
    branches_.forks[fork].push_back(static_cast<uint32_t>(program_.size()));
    sequence(stop);
    jumps.push_back(program_.size());
    emit(Glob::Jump, 0);
    at_ = stop + 1;
    if (stop == close) break;
  }
  for (size_t jump : jumps) set_operand(jump, program_.size());
  --depth_;
  return true;
}

// Of a path: "%2a", "%41" and bytes that a canonical path writes as an escape are brought to its form.
void GlobCompiler::literal() {
  auto byte = static_cast<unsigned char>(pattern_[at_]);
  if (!is_path_) {
    emit_text(byte);
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
  for (char c : canonical) emit_text(static_cast<unsigned char>(c));
}

}  // namespace nemoclaw::policy
