#include "runtime/cli/table.h"

#include <algorithm>

namespace nemoclaw::cli {

std::string render_table(const std::vector<std::vector<std::string>>& rows) {
  constexpr size_t kGap = 3, kWidthMin = 12;
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), kWidthMin);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size() + kGap);
  }
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - row[i].size(), ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace nemoclaw::cli
