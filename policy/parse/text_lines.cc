#include "policy/parse/text_lines.h"

#include <algorithm>

#include "policy/parse/utf8.h"

namespace nemoclaw::policy {

TextLines::TextLines(std::string_view text) : text_(text) {
  size_t start = 0;
  while (start < text.size()) {
    const size_t end = std::min(text.find_first_of("\r\n", start), text.size());
    size_t next = std::min(end + 1, text.size());
    if (end + 1 < text.size() && text[end] == '\r' && text[end + 1] == '\n') {
      crlf_ = true;
      ++next;
    }
    lines_.push_back(text.substr(start, next - start));
    start = next;
  }
}

std::string_view TextLines::line(uint32_t number) const {
  return number >= 1 && number <= count() ? lines_[number - 1] : std::string_view();
}

size_t TextLines::indentation(uint32_t number) const {
  const std::string_view text = line(number);
  return std::min(text.find_first_not_of(' '), text.size());
}

bool TextLines::is_blank(uint32_t number) const {
  return line(number).find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool TextLines::is_comment(uint32_t number) const {
  const std::string_view text = line(number);
  const size_t first = text.find_first_not_of(" \t");
  return first != std::string_view::npos && text[first] == '#';
}

size_t TextLines::start_of(uint32_t number) const {
  if (number < 1) return 0;
  if (number > count()) return text_.size();
  return static_cast<size_t>(lines_[number - 1].data() - text_.data());
}

size_t TextLines::offset(Location at) const {
  size_t offset = start_of(at.line);
  for (uint32_t column = 1; column < at.column && offset < text_.size(); ++column)
    offset += std::max<size_t>(utf8_length(text_.substr(offset)), 1);
  return offset;
}

}  // namespace nemoclaw::policy
