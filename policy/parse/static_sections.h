// What a policy decides once, when the container is made: a running sandbox cannot change it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/model/policy.h"

namespace nemoclaw::policy {

struct StaticChange {
  std::string section;
  uint32_t line = 0;  // where `after` writes it; 0: it does not
};

// Sections of `after` (read from `after_text`) that mean something else than those of `before`, and that are
// in force already: the file system, the process, inbound connections, integrity, the environment.
std::vector<StaticChange> changed_static_sections(const Policy& before, const Policy& after,
                                                  std::string_view after_text);

// "filesystem_policy (line 3), process (line 9)"
std::string render_changes(const std::vector<StaticChange>& changes);

}  // namespace nemoclaw::policy
