// Pattern text -> the program of a Glob.
#pragma once

#include "policy/engine/glob.h"

namespace nemoclaw::policy {

class GlobCompiler {
 public:
  GlobCompiler(std::string_view pattern, char separator, bool is_path);
  Glob compile();

 private:
  void sequence(size_t end);
  void star(size_t end);
  bool char_class(size_t end);
  bool braces(size_t end);
  void literal();
  void cut_prefix(size_t size);
  void emit(uint8_t op) { program_ += static_cast<char>(op); }
  void emit(uint8_t op, size_t operand);
  void emit_text(unsigned char byte);
  void emit_set(const Glob::Set& set);
  void set_operand(size_t at, size_t operand);
  size_t operand(size_t at) const;
  size_t closing_brace(size_t from, size_t end) const;
  bool is_boundary(size_t at, size_t end) const;

  std::string_view pattern_;
  size_t at_ = 0;
  unsigned depth_ = 0;
  bool is_path_;
  Glob glob_;
  std::string program_;
  Glob::Branches branches_;
};

}  // namespace nemoclaw::policy
