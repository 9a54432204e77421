// A text by lines, for edits that leave the rest as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/model/policy.h"

namespace nemoclaw::policy {

class TextLines {
 public:
  explicit TextLines(std::string_view text);

  uint32_t count() const { return static_cast<uint32_t>(lines_.size()); }
  // Lines are counted from 1; one that the text does not have is empty.
  std::string_view line(uint32_t number) const;  // with its end
  bool is_blank(uint32_t number) const;
  bool is_comment(uint32_t number) const;
  size_t indentation(uint32_t number) const;  // spaces before the first other character
  // Offset of a place in bytes; columns count characters.
  size_t offset(Location at) const;
  size_t start_of(uint32_t number) const;  // of the line behind the last: the text's size
  const char* line_end() const { return crlf_ ? "\r\n" : "\n"; }

 private:
  std::string_view text_;
  std::vector<std::string_view> lines_;
  bool crlf_ = false;
};

}  // namespace nemoclaw::policy
