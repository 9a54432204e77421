// What a question of the sandbox to its name server is answered with, before anybody else is asked. The clock
// is an argument; no I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine/engine.h"

namespace nemoclaw::enforce {

// Names below a wildcard are written by whoever asks, so they can carry data out to that domain's name
// server. Each new one costs; long or random-looking ones cost much more. Names that were asked lately cost
// nothing.
class NameBudget {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // "" if it may be asked, or the reason why not.
  std::string spend(std::string_view name, Time now);

 private:
  static constexpr double kTokensMax = 120, kTokensPerSecond = 1;
  static constexpr size_t kLabelMax = 48, kRememberedMax = 1024;
  double tokens_ = kTokensMax;
  Time last_{};
  std::map<std::string, Time, std::less<>> asked_;
};

// Many different letters in a long label, as encoded data has; words and hexadecimal numbers stay below it.
bool looks_random(std::string_view label);

struct NameVerdict {
  enum class Kind : uint8_t {
    Resolve,   // ask for this type
    NoData,    // there is such a name; there are no records of this type for a sandbox
    NotThere,  // an expansion by the C library's search list that the policy does not name
    Refuse,    // and audit
  };
  Kind kind = Kind::Refuse;
  std::string name;  // canonical: what is asked upstream
  std::string code, reason;
  bool is_audited = false;
};

// `name`: dotted, as it was asked. `type`: DNS record type.
NameVerdict judge_name(const policy::Engine& engine, std::string_view name, uint16_t type,
                       const std::vector<std::string>& search, NameBudget& budget, NameBudget::Time now);

}  // namespace nemoclaw::enforce
