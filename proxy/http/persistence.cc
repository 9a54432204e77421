#include "proxy/http/persistence.h"

#include <charconv>

#include "proxy/http/text.h"

namespace nemoclaw::http {

namespace {

bool is_of_connection(std::string_view credentials) {
  const std::string_view scheme = credentials.substr(0, credentials.find(' '));
  return equals_ignoring_case(scheme, "ntlm") || equals_ignoring_case(scheme, "negotiate");
}

}  // namespace

bool announces_absent_body(const Response& response) {
  if (response.framing.kind != BodyKind::None) return false;
  const Field* length = find_field(response.fields, "content-length");
  return (length && length->value != "0") || find_field(response.fields, "transfer-encoding");
}

bool authenticates_connection(const std::vector<Field>& request, const std::vector<Field>& response) {
  if (const Field* field = find_field(request, "authorization"); field && is_of_connection(field->value))
    return true;
  for (const Field& field : response) {
    if (!equals_ignoring_case(field.name, "www-authenticate")) continue;
    for (const std::string_view challenge : split_list(field.value))
      if (is_of_connection(challenge)) return true;
  }
  return false;
}

std::optional<std::chrono::seconds> announced_patience(const std::vector<Field>& response) {
  const Field* field = find_field(response, "keep-alive");
  if (!field) return std::nullopt;
  for (const std::string_view each : split_list(field->value)) {
    constexpr std::string_view kName = "timeout=";
    if (!equals_ignoring_case(each.substr(0, kName.size()), kName)) continue;
    const std::string_view text = each.substr(kName.size());
    unsigned seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size()) return std::chrono::seconds(0);
    return std::chrono::seconds(seconds > 0 ? seconds - 1 : 0);
  }
  return std::nullopt;
}

}  // namespace nemoclaw::http
