// The options of a command, read with Boost.Program_options. The only header of ctl that stands for it:
// options.cc turns its exceptions into errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::ctl {

struct OptionRow {
  const char* name;      // "format", or "help,h" with a short form
  const char* argument;  // what --help shows for its value; nullptr: a flag
  const char* summary;
};

// One command's options and the words between them.
class Options {
 public:
  // Abbreviated options are refused; "--" ends the options.
  static Result<Options> parse(const std::vector<std::string>& args, const std::vector<OptionRow>& rows);

  bool has(std::string_view name) const { return value(name).has_value(); }
  std::optional<std::string> value(std::string_view name) const;  // "" for a flag
  std::vector<std::string> values(std::string_view name) const;  // of an option that may be repeated
  const std::vector<std::string>& words() const { return words_; }
  // --format text|json; text if absent.
  Result<bool> wants_json() const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
  std::vector<std::string> words_;
};

// "usage: nemoclawctl policy check ...", a paragraph, and the table of options.
std::string help_text(std::string_view usage, std::string_view about, const std::vector<OptionRow>& rows);

}  // namespace nemoclaw::ctl
