#include "runtime/cgroup/stats.h"

#include <charconv>
#include <optional>

namespace nemoclaw::cgroup {

namespace {

constexpr uint64_t kCpusMax = 65536;

std::string_view next_part(std::string_view& rest, std::string_view separators) {
  const size_t end = std::min(rest.find_first_of(separators), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "8:0"
bool parse_device(std::string_view text, IoCount& count) {
  const std::optional<uint64_t> major = number(next_part(text, ":")), minor = number(text);
  if (!major || !minor) return false;
  count.major = *major;
  count.minor = *minor;
  return true;
}

}  // namespace

Counters parse_counters(std::string_view text) {
  Counters counters;
  while (!text.empty()) {
    std::string_view line = next_part(text, "\n");
    const std::string_view key = next_part(line, " ");
    if (const std::optional<uint64_t> value = number(line); value && !key.empty()) counters.emplace_back(key, *value);
  }
  return counters;
}

std::vector<IoCount> parse_blkio(std::string_view text) {
  std::vector<IoCount> counts;
  while (!text.empty()) {
    std::string_view line = next_part(text, "\n");
    IoCount count;
    if (!parse_device(next_part(line, " "), count)) continue;  // "Total 123"
    count.operation = next_part(line, " ");
    const std::optional<uint64_t> value = number(line);
    if (!value) continue;
    count.value = *value;
    counts.push_back(std::move(count));
  }
  return counts;
}

std::pair<std::vector<IoCount>, std::vector<IoCount>> parse_io_stat(std::string_view text) {
  std::vector<IoCount> bytes, operations;
  while (!text.empty()) {
    std::string_view line = next_part(text, "\n");
    IoCount count;
    if (!parse_device(next_part(line, " "), count)) continue;
    while (!line.empty()) {
      std::string_view pair = next_part(line, " ");
      const std::string_view key = next_part(pair, "=");
      const std::optional<uint64_t> value = number(pair);
      if (!value || key.size() < 2) continue;
      count.operation = key[0] == 'r' ? "Read" : key[0] == 'w' ? "Write" : key[0] == 'd' ? "Discard" : "";
      count.value = *value;
      if (count.operation.empty()) continue;
      if (key.substr(1) == "bytes") bytes.push_back(count);
      if (key.substr(1) == "ios") operations.push_back(count);
    }
  }
  return {std::move(bytes), std::move(operations)};
}

std::vector<uint64_t> parse_numbers(std::string_view text) {
  std::vector<uint64_t> numbers;
  while (!text.empty())
    if (const std::optional<uint64_t> value = number(next_part(text, " \n"))) numbers.push_back(*value);
  return numbers;
}

std::vector<uint64_t> parse_cpu_list(std::string_view text) {
  std::vector<uint64_t> numbers;
  while (!text.empty()) {
    std::string_view part = next_part(text, ",\n");
    const bool range = part.find('-') != std::string_view::npos;
    const std::optional<uint64_t> from = number(next_part(part, "-")), to = range ? number(part) : from;
    if (!from || !to || *to >= kCpusMax) continue;
    for (uint64_t each = *from; each <= *to; ++each) numbers.push_back(each);
  }
  return numbers;
}

}  // namespace nemoclaw::cgroup
