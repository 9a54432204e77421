#include "ctl/lint_acceptances.h"

#include <algorithm>

namespace nemoclaw::ctl {
namespace {

struct Line {
  std::string_view text;  // without indentation
  uint32_t indentation = 0;

  bool is_comment() const { return text.starts_with('#'); }
  bool is_content() const { return !text.empty() && !is_comment(); }
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const size_t indentation = std::min(line.find_first_not_of(" \t"), line.size());
    lines.push_back({line.substr(indentation), static_cast<uint32_t>(indentation)});
  }
  return lines;
}

// The next word; `text` loses it and the blanks around it.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return word;
}

bool is_code(std::string_view word) {
  return word.size() == 5 && word[0] == 'L' &&
         std::all_of(word.begin() + 1, word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::vector<Acceptance> read_acceptances(std::string_view text) {
  const std::vector<Line> lines = lines_of(text);
  std::vector<Acceptance> acceptances;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].is_comment()) continue;
    std::string_view rest = lines[i].text.substr(1);
    if (take_word(rest) != "lint:") continue;
    Acceptance acceptance;
    acceptance.at = {static_cast<uint32_t>(i + 1), lines[i].indentation + 1};
    const auto content = std::find_if(lines.begin() + static_cast<std::ptrdiff_t>(i), lines.end(),
                                      [](const Line& line) { return line.is_content(); });
    if (content != lines.end()) acceptance.bound_to = static_cast<uint32_t>(content - lines.begin() + 1);
    const bool accepts = take_word(rest) == "accept";
    const std::string_view code = take_word(rest);
    if (accepts && is_code(code)) {
      acceptance.code = code;
      acceptance.reason = rest;
    }
    acceptances.push_back(std::move(acceptance));
  }
  return acceptances;
}

uint32_t first_content_line(std::string_view text) {
  const std::vector<Line> lines = lines_of(text);
  const auto content =
      std::find_if(lines.begin(), lines.end(), [](const Line& line) { return line.is_content(); });
  return content == lines.end() ? 1 : static_cast<uint32_t>(content - lines.begin() + 1);
}

}  // namespace nemoclaw::ctl
