#include "policy/model/credential.h"

#include <algorithm>

namespace nemoclaw::policy {

bool is_secret_name(std::string_view name) {
  return !name.empty() && name.size() <= kSecretNameMax && name[0] != '-' && name[0] != '_' &&
         std::all_of(name.begin(), name.end(), is_secret_name_byte);
}

std::string default_variable(std::string_view secret) {
  std::string variable;
  for (const char c : secret)
    variable += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  // A variable does not start with a digit.
  return !variable.empty() && variable[0] >= '0' && variable[0] <= '9' ? "SECRET_" + variable : variable;
}

}  // namespace nemoclaw::policy
