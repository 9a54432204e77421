// Columns of text as runc prints them: each at least 12 wide, three blanks between, the last one unpadded.
#pragma once

#include <string>
#include <vector>

namespace nemoclaw::cli {

std::string render_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace nemoclaw::cli
