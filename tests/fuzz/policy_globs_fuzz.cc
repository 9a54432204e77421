// Patterns of paths, names, programs and hosts: "pattern \n text \n another pattern". Linear time is libFuzzer's own limit.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/engine/glob.h"
#include "policy/model/host.h"
#include "policy/model/path_glob.h"

using namespace nemoclaw::policy;

namespace {

std::string_view next_line(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void check_glob(const Glob& glob, std::string_view text) {
  const bool matches = glob.matches(text);
  if (matches && !text.starts_with(glob.literal_prefix())) abort();
  if (glob.is_exact() && matches != (text == glob.literal_prefix())) abort();
}

void check_hosts(std::string_view pattern, std::string_view other, std::string_view text) {
  const auto first = HostPattern::parse(pattern), second = HostPattern::parse(other);
  const auto host = normalise_host(text);
  if (host) {
    const auto again = normalise_host(*host);
    if (!again || *again != *host) abort();
  }
  if (!first || !second) return;
  if (first->overlaps(*second) != second->overlaps(*first)) abort();
  if (first->covers(*second) && !first->overlaps(*second)) abort();
  if (!host) return;
  const bool of_first = first->matches(*host), of_second = second->matches(*host);
  if (of_first && of_second && !first->overlaps(*second)) abort();
  if (of_second && !of_first && first->covers(*second)) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view pattern = next_line(rest), text = next_line(rest), other = next_line(rest);
  check_glob(Glob::path(pattern), text);
  check_glob(Glob::name(pattern), text);
  if (!Glob::path("/**").matches("/" + std::string(text))) abort();
  const PathGlob programs(pattern);
  if (programs.is_exact() && programs.matches(text) != (text == pattern)) abort();
  label_matches(pattern, text);
  check_hosts(pattern, other, text);
  return 0;
}
