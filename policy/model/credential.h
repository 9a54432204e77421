// A secret of the node, and the one place where its placeholder becomes it. The sandbox holds the placeholder
// alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nemoclaw::policy {

inline constexpr std::string_view kPlaceholderPrefix = "nemoclaw:secret:";
inline constexpr size_t kSecretNameMax = 64;

// What a name of a secret consists of; a placeholder ends with the first byte that is none of these.
constexpr bool is_secret_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// Such bytes alone, at most 64, the first one a letter or a digit. A file of the node's store has this name.
bool is_secret_name(std::string_view name);

// The variable that holds the placeholder unless the policy names another: GITHUB_TOKEN for github-token.
std::string default_variable(std::string_view secret);

inline std::string placeholder_for(std::string_view secret) {
  return std::string(kPlaceholderPrefix) + std::string(secret);
}

}  // namespace nemoclaw::policy
