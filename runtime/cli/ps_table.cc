#include "runtime/cli/ps_table.h"

#include <algorithm>
#include <charconv>

namespace nemoclaw::cli {

namespace {

// The word number `index` (from 0) of a line, and an empty text behind its end.
std::string_view word_at(std::string_view line, size_t index) {
  for (;;) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const std::string_view word = line.substr(0, line.find(' '));
    if (index == 0 || word.empty()) return word;
    line.remove_prefix(word.size());
    --index;
  }
}

}  // namespace

Result<std::string> select_ps_rows(std::string_view output, const std::vector<pid_t>& pids) {
  const std::string_view header = output.substr(0, output.find('\n'));
  size_t column = 0;
  while (!word_at(header, column).empty() && word_at(header, column) != "PID") ++column;
  if (word_at(header, column).empty()) return make_error("ps: couldn't find PID field in its output");
  std::string selected(header);
  selected += '\n';
  output.remove_prefix(std::min(header.size() + 1, output.size()));
  while (!output.empty()) {
    const std::string_view line = output.substr(0, output.find('\n'));
    output.remove_prefix(std::min(line.size() + 1, output.size()));
    const std::string_view word = word_at(line, column);
    pid_t pid = 0;
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), pid);
    if (code != std::errc() || end != word.data() + word.size()) continue;
    if (std::binary_search(pids.begin(), pids.end(), pid)) selected.append(line).append("\n");
  }
  return selected;
}

}  // namespace nemoclaw::cli
