#include "proxy/dns/resolv_conf.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace nemoclaw::dns {

namespace {

constexpr size_t kNameserversMax = 3;  // as the C library
constexpr size_t kHostsMax = 10'000;
constexpr size_t kSearchMax = 16;

bool is_address(const std::string& text) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 || inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// Words of one line, without its comment.
std::vector<std::string> words_of(std::string_view line, std::string_view comment_marks) {
  line = line.substr(0, line.find_first_of(comment_marks));
  std::vector<std::string> words;
  constexpr std::string_view kSpace = " \t\r";
  for (;;) {
    const size_t first = line.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return words;
    const size_t end = std::min(line.find_first_of(kSpace, first), line.size());
    words.emplace_back(line.substr(first, end - first));
    line.remove_prefix(end);
  }
}

template <typename F>
void for_each_line(std::string_view text, F function) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    function(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void take_option(const std::string& option, std::string_view name, unsigned least, unsigned most,
                 unsigned& value) {
  if (option.rfind(name, 0) != 0) return;
  unsigned number = 0;
  const auto [end, code] =
      std::from_chars(option.data() + name.size(), option.data() + option.size(), number);
  if (code == std::errc() && end == option.data() + option.size()) value = std::clamp(number, least, most);
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf configuration;
  for_each_line(text, [&](std::string_view line) {
    const std::vector<std::string> words = words_of(line, "#;");
    if (words.size() < 2) return;
    if (words[0] == "nameserver" && configuration.nameservers.size() < kNameserversMax &&
        is_address(words[1]))
      configuration.nameservers.push_back(words[1]);
    if (words[0] == "search" || words[0] == "domain") {  // the last line of these counts
      configuration.search.clear();
      for (size_t i = 1; i < words.size() && i <= kSearchMax; ++i)
        if (words[i] != ".")
          configuration.search.push_back(lower_case(words[i].substr(0, words[i].find_last_not_of('.') + 1)));
    }
    if (words[0] != "options") return;
    for (const std::string& option : words) {
      take_option(option, "timeout:", 1, 10, configuration.timeout_s);
      take_option(option, "attempts:", 1, 4, configuration.attempts);
    }
  });
  return configuration;
}

Hosts parse_hosts(std::string_view text) {
  Hosts hosts;
  for_each_line(text, [&](std::string_view line) {
    const std::vector<std::string> words = words_of(line, "#");
    if (words.size() < 2 || !is_address(words[0])) return;
    for (size_t i = 1; i < words.size() && hosts.size() < kHostsMax; ++i) {
      std::string name = lower_case(words[i]);
      std::vector<std::string>& addresses = hosts[std::move(name)];
      if (std::find(addresses.begin(), addresses.end(), words[0]) == addresses.end())
        addresses.push_back(words[0]);
    }
  });
  return hosts;
}

}  // namespace nemoclaw::dns
