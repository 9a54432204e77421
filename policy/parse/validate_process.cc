#include <algorithm>
#include <vector>

#include "policy/parse/validate.h"
#include "runtime/base/capability_names.h"

namespace nemoclaw::policy {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_word(std::string_view text, bool upper) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (upper && c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

// useradd(8)'s grammar, a little wider: dots and upper case exist in images. No digit in front: "0x0" is a
// number to some readers.
bool is_account_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 && name[0] != '-' && name[0] != '.' &&
         !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                  c == '-' || c == '.';
         });
}

}  // namespace

void check_not_root(Diagnostics& diagnostics, Location at, std::string_view key, std::string_view name) {
  const std::string named = "'" + std::string(key) + "'";
  if (is_digits(name)) {
    std::string_view number = name.substr(std::min(name.find_first_not_of('0'), name.size()));
    // 4294967295 is (uid_t)-1, which system calls read as "leave it as it is".
    if (number.empty() || number == "4294967295") {
      diagnostics.error("P0301", at, named + " may not be " + std::string(name),
                        "name an ordinary account, or remove the key: 'sandbox' is supplied");
    } else if (number.size() > 10 || (number.size() == 10 && number > "4294967294")) {
      diagnostics.error("P0302", at, named + ": " + quoted(name, 64) + " is no user or group id");
    }
    return;
  }
  if (name == "root") {
    diagnostics.error("P0301", at, named + " may not be root",
                      "name an ordinary account, or remove the key: 'sandbox' is supplied");
  } else if (!is_account_name(name)) {
    diagnostics.error("P0302", at, named + ": " + quoted(name, 64) + " is no account name",
                      "write a name or a decimal id");
  }
}

std::optional<std::string> check_capability(Diagnostics& diagnostics, Location at, std::string_view name) {
  std::string full(name);
  std::transform(full.begin(), full.end(), full.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (full.rfind("CAP_", 0) != 0) full = "CAP_" + full;
  const std::vector<std::string_view> known(std::begin(kCapabilityNames), std::end(kCapabilityNames));
  if (std::find(known.begin(), known.end(), full) != known.end()) return full;
  diagnostics.error("P0303", at, quoted(name, 64) + " is no Linux capability", did_you_mean(full, known));
  return std::nullopt;
}

void check_search_path(Diagnostics& diagnostics, Location at, std::string_view path) {
  for (;;) {
    const size_t colon = path.find(':');
    const std::string_view directory = path.substr(0, colon);
    // An empty element means the working directory, which the agent can write to.
    if (directory.empty() || directory[0] != '/') {
      diagnostics.error("P0304", at, "'path': " + quoted(directory, 128) + " is not an absolute directory",
                        "PATH is a list of absolute directories with ':' between them");
      return;
    }
    if (colon == std::string_view::npos) return;
    path.remove_prefix(colon + 1);
  }
}

void check_variable_name(Diagnostics& diagnostics, Location at, std::string_view key, std::string_view name) {
  if (!is_word(name, true))
    diagnostics.error("P0305", at,
                      "'" + std::string(key) + "': " + quoted(name, 64) + " is no variable name");
}

void check_syscall_name(Diagnostics& diagnostics, Location at, std::string_view name) {
  if (!is_word(name, false))
    diagnostics.error("P0306", at, "'syscalls': " + quoted(name, 64) + " is no system call name");
}

}  // namespace nemoclaw::policy
