#include "policy/parse/diagnostics.h"

#include <algorithm>

namespace nemoclaw::policy {
namespace {

constexpr size_t kSourceLineMax = 512;

// The lines of a text, without their ends. CR LF and a lone CR end a line, as YAML has it.
std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  size_t start = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != '\n' && text[i] != '\r') continue;
    lines.push_back(text.substr(start, i - start));
    if (i + 1 < text.size() && text[i] == '\r' && text[i + 1] == '\n') ++i;
    start = i + 1;
  }
  return lines;
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

void Diagnostics::add(Severity severity, const char* code, Location at, std::string message,
                      std::string remedy) {
  has_error_ = has_error_ || severity == Severity::Error;
  if (found_.size() >= kMax) {
    ++dropped_;
    return;
  }
  found_.push_back({severity, code, at, std::move(message), std::move(remedy), {}});
}

void Diagnostics::error(const char* code, Location at, std::string message, std::string remedy) {
  add(Severity::Error, code, at, std::move(message), std::move(remedy));
}

void Diagnostics::warning(const char* code, Location at, std::string message, std::string remedy) {
  add(Severity::Warning, code, at, std::move(message), std::move(remedy));
}

std::vector<Diagnostic> Diagnostics::take() {
  std::stable_sort(found_.begin(), found_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return a.at.line != b.at.line ? a.at.line < b.at.line : a.at.column < b.at.column;
  });
  const auto lines = split_lines(text_);
  for (Diagnostic& diagnostic : found_)
    if (diagnostic.at.line >= 1 && diagnostic.at.line <= lines.size())
      diagnostic.source_line = std::string(lines[diagnostic.at.line - 1].substr(0, kSourceLineMax));
  if (dropped_ > 0) {
    found_.push_back({Severity::Error,
                      "P0010",
                      {},
                      std::to_string(dropped_) + " more problems are not shown",
                      "repair the ones above first",
                      {}});
  }
  return std::move(found_);
}

std::string nearest_word(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.size() > 64) return {};
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (std::string_view candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return std::string(best);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string nearest = nearest_word(word, candidates);
  return nearest.empty() ? std::string() : "did you mean '" + nearest + "'?";
}

}  // namespace nemoclaw::policy
