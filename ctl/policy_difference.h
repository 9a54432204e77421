// What becomes possible and what stops when one policy takes the place of another: compared by meaning, not
// by text.
#pragma once

#include <string>
#include <vector>

#include "policy/model/policy.h"

namespace nemoclaw::ctl {

struct Change {
  std::string kind;  // "entry", "network", "deny rule", "limit", "files", "process", "inbound", "dns",
                     // "integrity", ...
  std::string text;  // "GET /v1/** at api.example.test:443 by /usr/bin/curl"
  friend auto operator<=>(const Change&, const Change&) = default;
};

struct Difference {
  std::vector<Change> possible, stops;
  std::vector<Change> other;  // neither wider nor narrower, or not comparable
};

Difference compare(const policy::Policy& before, const policy::Policy& after);

// The parts.
void compare_network(const policy::Policy& before, const policy::Policy& after, Difference& difference);
void compare_files(const policy::Policy& before, const policy::Policy& after, Difference& difference);
void compare_process(const policy::Policy& before, const policy::Policy& after, Difference& difference);
void compare_settings(const policy::Policy& before, const policy::Policy& after, Difference& difference);
// "what: before -> after" among the other changes, if they differ.
void add_changed(const char* kind, const std::string& what, const std::string& before,
                 const std::string& after, Difference& difference);

}  // namespace nemoclaw::ctl
