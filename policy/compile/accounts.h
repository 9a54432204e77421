// The image's passwd(5) and group(5), as text. Pure; lines that do not follow the format are skipped, as libc
// does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nemoclaw::policy {

struct Account {
  std::string name;
  uint32_t uid = 0, gid = 0;
  std::string home;
};

std::optional<Account> find_account(std::string_view passwd, std::string_view name);
std::optional<Account> find_account(std::string_view passwd, uint32_t uid);
std::optional<uint32_t> find_group(std::string_view group, std::string_view name);
bool has_group_id(std::string_view group, uint32_t gid);

// A decimal id of at most 4294967294.
std::optional<uint32_t> parse_id(std::string_view text);

// `file` with one more line, after a newline if it has none at its end.
std::string with_line(std::string_view file, std::string_view line);

}  // namespace nemoclaw::policy
