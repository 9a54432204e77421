#include "proxy/metrics/exposition.h"

#include <algorithm>

#include "runtime/base/error.h"

namespace nemoclaw::metrics {

namespace {

// A label's value may hold anything; these three would end it.
void append_escaped(std::string& text, std::string_view value) {
  for (const char each : value) {
    if (each == '\\' || each == '"') text += '\\';
    if (each == '\n')
      text += "\\n";
    else
      text += each;
  }
}

std::string number(double value) { return format("%.9g", value); }

}  // namespace

Exposition& Exposition::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  return *this;
}

void Exposition::line(std::string_view suffix, const Labels& labels, std::string_view more,
                      const std::string& value) {
  text_.append(name_).append(suffix);
  char separator = '{';
  for (const Labels* each : {&std::as_const(everywhere_), &labels})
    for (const auto& [name, content] : *each) {
      text_.append(1, separator).append(name).append("=\"");
      append_escaped(text_, content);
      text_ += '"';
      separator = ',';
    }
  if (!more.empty()) {
    text_.append(1, separator).append(more);
    separator = ',';
  }
  if (separator == ',') text_ += '}';
  text_.append(" ").append(value).append("\n");
}

Exposition& Exposition::sample(const Labels& labels, uint64_t value) {
  line("", labels, "", std::to_string(value));
  return *this;
}

Exposition& Exposition::sample(const Labels& labels, double value) {
  line("", labels, "", number(value));
  return *this;
}

Exposition& Exposition::histogram(const Labels& labels, const Histogram& observed) {
  uint64_t sum = 0;
  for (size_t bucket = 0; bucket <= Histogram::kBounds.size(); ++bucket) {
    sum += observed.count(bucket);  // each bucket counts what is in those below it, too
    const bool last = bucket == Histogram::kBounds.size();
    const std::string bound = last ? "+Inf" : number(static_cast<double>(Histogram::kBounds[bucket]) / 1e6);
    line("_bucket", labels, "le=\"" + bound + "\"", std::to_string(sum));
  }
  line("_sum", labels, "", number(observed.sum_seconds()));
  line("_count", labels, "", std::to_string(sum));
  return *this;
}

std::string merge(const std::vector<std::string>& texts) {
  static constexpr std::string_view kStart = "# HELP ";
  struct Family {
    std::string_view name, head;
    std::string samples;
  };
  std::vector<Family> families;  // in the order of their first appearance
  for (const std::string_view text : texts) {
    for (size_t at = text.find(kStart); at < text.size();) {
      const size_t next = std::min(text.find("\n# HELP ", at), text.size() - 1) + 1;
      const std::string_view block = text.substr(at, next - at);
      const std::string_view name = block.substr(kStart.size(), block.find(' ', kStart.size()) - kStart.size());
      const size_t type_line = std::min(block.find('\n'), block.size() - 1) + 1;
      const size_t head = std::min(block.find('\n', type_line), block.size() - 1) + 1;
      auto known = std::find_if(families.begin(), families.end(), [&](const Family& each) { return each.name == name; });
      if (known == families.end()) known = families.insert(families.end(), {name, block.substr(0, head), {}});
      known->samples += block.substr(head);
      at = next;
    }
  }
  std::string merged;
  for (const Family& family : families) merged.append(family.head).append(family.samples);
  return merged;
}

}  // namespace nemoclaw::metrics
