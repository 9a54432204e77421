// For the reader's tests: a text, and what the reader has to say about it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/parse/parse.h"

namespace nemoclaw::policy {

// "line:column code" of every diagnostic, in order.
inline std::vector<std::string> problems(std::string_view text) {
  std::vector<std::string> found;
  for (const Diagnostic& d : parse_policy(text, "test.yaml").diagnostics)
    found.push_back(std::to_string(d.at.line) + ":" + std::to_string(d.at.column) + " " + d.code);
  return found;
}

// All texts, for failure messages.
inline std::string rendered(std::string_view text) {
  std::string all;
  for (const Diagnostic& d : parse_policy(text, "test.yaml").diagnostics)
    all += render_text(d, "test.yaml", false);
  return all;
}

}  // namespace nemoclaw::policy
