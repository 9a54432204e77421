// Pattern text -> the program of a Glob.
#pragma once

#include "policy/engine/glob.h"

namespace nemoclaw::policy {

class GlobCompiler {
 public:
  GlobCompiler(std::string_view pattern, char separator, bool is_path);
  Glob compile();

 private:
  using Op = Glob::Op;

  void sequence(size_t end);
  void star(size_t end);
  bool char_class(size_t end);
  bool braces(size_t end);
  void literal();
  void emit(Op op, uint8_t byte = 0, uint32_t target = 0);
  size_t closing_brace(size_t from, size_t end) const;
  bool is_boundary(size_t at, size_t end) const;

  std::string_view pattern_;
  size_t at_ = 0;
  unsigned depth_ = 0;
  bool is_path_;
  Glob glob_;
  Glob::Machine machine_;
};

}  // namespace nemoclaw::policy
