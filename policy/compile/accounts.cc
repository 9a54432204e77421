#include "policy/compile/accounts.h"

#include <charconv>
#include <vector>

namespace nemoclaw::policy {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t end; (end = text.find(separator)) != std::string_view::npos; text.remove_prefix(end + 1))
    parts.push_back(text.substr(0, end));
  parts.push_back(text);
  return parts;
}

template <typename Matches>
std::optional<Account> find_passwd(std::string_view passwd, Matches matches) {
  for (std::string_view line : split(passwd, '\n')) {
    std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() < 7 || fields[0].empty()) continue;
    std::optional<uint32_t> uid = parse_id(fields[2]), gid = parse_id(fields[3]);
    if (!uid || !gid) continue;
    Account account{std::string(fields[0]), *uid, *gid, std::string(fields[5])};
    if (matches(account)) return account;
  }
  return std::nullopt;
}

template <typename Matches>
std::optional<uint32_t> find_group_line(std::string_view group, Matches matches) {
  for (std::string_view line : split(group, '\n')) {
    std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() < 3) continue;
    std::optional<uint32_t> gid = parse_id(fields[2]);
    if (gid && matches(fields[0], *gid)) return gid;
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint32_t> parse_id(std::string_view text) {
  uint32_t id = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id == ~uint32_t{0}) return std::nullopt;
  return id;
}

std::optional<Account> find_account(std::string_view passwd, std::string_view name) {
  return find_passwd(passwd, [&](const Account& account) { return account.name == name; });
}

std::optional<Account> find_account(std::string_view passwd, uint32_t uid) {
  return find_passwd(passwd, [&](const Account& account) { return account.uid == uid; });
}

std::optional<uint32_t> find_group(std::string_view group, std::string_view name) {
  return find_group_line(group, [&](std::string_view each, uint32_t) { return each == name; });
}

bool has_group_id(std::string_view group, uint32_t gid) {
  return find_group_line(group, [&](std::string_view, uint32_t each) { return each == gid; }).has_value();
}

std::string with_line(std::string_view file, std::string_view line) {
  std::string text(file);
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  text += line;
  text += '\n';
  return text;
}

}  // namespace nemoclaw::policy
