// The text format that Prometheus reads (version 0.0.4). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/metrics/histogram.h"

namespace nemoclaw::metrics {

inline constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

using Labels = std::vector<std::pair<std::string_view, std::string>>;

class Exposition {
 public:
  // `everywhere`: labels that every sample gets.
  explicit Exposition(Labels everywhere) : everywhere_(std::move(everywhere)) {}

  // Samples that follow belong to it. Names and help texts are ours and need no escaping.
  Exposition& family(std::string_view name, std::string_view type, std::string_view help);
  Exposition& sample(const Labels& labels, uint64_t value);
  Exposition& sample(const Labels& labels, double value);
  Exposition& sample(uint64_t value) { return sample(Labels(), value); }
  Exposition& histogram(const Labels& labels, const Histogram& observed);
  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view suffix, const Labels& labels, std::string_view more, const std::string& value);

  Labels everywhere_;
  std::string name_, text_;
};

// Several of them as one: the format wants the samples of a family in one place, behind one description.
std::string merge(const std::vector<std::string>& texts);

}  // namespace nemoclaw::metrics
