// The arguments of one command: flags with and without a value, and the words between them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::ctl {

struct Flag {
  const char* name;        // "--format"
  const char* short_name;  // "-f" or ""
  bool takes_value;
};

class Words {
 public:
  // "--flag value", "--flag=value", "-f"; "--" ends the flags. An unknown flag is an error that names the
  // known ones.
  static Result<Words> parse(const std::vector<std::string>& args, const std::vector<Flag>& known);

  bool has(std::string_view flag) const;
  std::optional<std::string> value(std::string_view flag) const;
  const std::vector<std::string>& rest() const { return rest_; }
  // --format json: true; text or absent: false; else an error.
  Result<bool> wants_json() const;

 private:
  std::vector<std::pair<std::string, std::string>> flags_;
  std::vector<std::string> rest_;
};

// Text that may come from a container, safe for a terminal: control bytes and non-ASCII as \xNN.
std::string printable(std::string_view text, size_t bytes_max = 256);

}  // namespace nemoclaw::ctl
