#include "hooks/address_prefix.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>

namespace nemoclaw::hooks {

std::string AddressPrefix::text() const {
  char canonical[INET6_ADDRSTRLEN] = "";
  inet_ntop(six ? AF_INET6 : AF_INET, network.data(), canonical, sizeof canonical);
  return length == whole() ? canonical : format("%s/%u", canonical, length);
}

Result<AddressPrefix> parse_address_prefix(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  unsigned char bytes[16];
  AddressPrefix prefix;
  // A NUL in it would hide what follows from inet_pton.
  const bool whole_text = address.find('\0') == std::string::npos;
  if (!whole_text || inet_pton(AF_INET, address.c_str(), bytes) != 1) {
    prefix.six = true;
    if (!whole_text || inet_pton(AF_INET6, address.c_str(), bytes) != 1)
      return make_error(quoted(text) + " is not an address or prefix");
  }
  prefix.length = prefix.whole();
  if (slash != std::string_view::npos) {
    const char* end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data() + slash + 1, end, prefix.length);
    if (failure != std::errc() || stop != end || prefix.length > prefix.whole())
      return make_error(quoted(text) + " has a bad prefix length");
  }
  for (unsigned at = 0; at < prefix.whole() / 8; ++at) {
    const unsigned kept = prefix.length > at * 8 ? std::min(prefix.length - at * 8, 8U) : 0;
    prefix.network.push_back(static_cast<char>(bytes[at] & (0xff00U >> kept)));
  }
  return prefix;
}

}  // namespace nemoclaw::hooks
