// The option parser: a table per verb, the spellings that runc's parser takes. "--name value",
// "--name=value", the same with one dash, "-l value", "-l=value", clusters of letters without values ("-td"),
// "--flag=false", "--" ends options.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::cli {

enum class Takes : uint8_t { Nothing, Value, Values };  // Values: may be given several times

struct Option {
  std::string_view name;  // without dashes
  char letter;            // 0: none
  Takes takes;
  std::string_view help;
};

class Arguments {
 public:
  // Last one wins, as with runc.
  bool flag(std::string_view name) const;
  bool given(std::string_view name) const;
  std::string value(std::string_view name, std::string_view fallback = "") const;
  std::vector<std::string> values(std::string_view name) const;
  // A decimal number (0x and 0 prefixes as strtoll), or `fallback` when not given.
  Result<int64_t> integer(std::string_view name, int64_t fallback) const;

  std::vector<std::string> positional;
  std::vector<std::pair<std::string_view, std::string>> options;  // in the order given
};

enum class Order : uint8_t {
  Free,       // options may follow arguments
  StopFirst,  // the first argument ends the options: the rest is somebody else's command line
};

// Errors in the words of the field: "flag provided but not defined: -x", "flag needs an argument: -x".
Result<Arguments> parse_options(std::span<const Option> table, std::span<const std::string_view> words,
                                Order order);

}  // namespace nemoclaw::cli
