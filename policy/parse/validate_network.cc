#include <algorithm>

#include "policy/model/address.h"
#include "policy/model/conflict.h"
#include "policy/model/host.h"
#include "policy/model/words.h"
#include "policy/parse/validate.h"

namespace nemoclaw::policy {
namespace {

constexpr const char* kLoopbackRemedy =
    "the sandbox's own servers need no policy; the node's are reached by a name or address that is not "
    "loopback";

// Ranges that no policy can open (egress.md): an endpoint inside them would only look as if it worked.
bool is_never_reachable(const Cidr& range) {
  static const std::vector<Cidr> never = [] {
    std::vector<Cidr> ranges;
    for (const char* text : {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "::1",
                             "::", "fe80::/10", "ff00::/8", "fd00:ec2::254"})
      ranges.push_back(*parse_cidr(text));
    return ranges;
  }();
  return std::any_of(never.begin(), never.end(), [&](const Cidr& blocked) {
    return range.prefix >= blocked.prefix && blocked.contains(range.network);
  });
}

bool is_local_name(std::string_view host) {
  constexpr std::string_view kSuffix = ".localhost";
  return host == "localhost" || host == "localhost6" || host == "ip6-localhost" || host == "ip6-loopback" ||
         (host.size() > kSuffix.size() && host.substr(host.size() - kSuffix.size()) == kSuffix);
}

std::string protocol_text(Protocol protocol) { return std::string("protocol ") + word(protocol); }

}  // namespace

void check_binary_path(Diagnostics& diagnostics, Location at, std::string_view key, std::string_view path) {
  // "**/name" is judged as if it stood below '/'.
  const bool anywhere = path.substr(0, 3) == "**/";
  if (path.empty() || (path[0] != '/' && !anywhere)) {
    diagnostics.error(
        "P0402", at,
        "'" + std::string(key) + "': " + quoted(path, 128) + " is neither absolute nor starts with '**/'",
        path.find('/') == std::string_view::npos
            ? "write '**/" + std::string(path) + "' to match the name in any directory"
            : "");
    return;
  }
  if (!check_path(diagnostics, at, key, anywhere ? "/" + std::string(path) : std::string(path))) return;
  check_glob_components(diagnostics, at, key, path);
  if (path.back() == '/')
    diagnostics.error("P0402", at,
                      "'" + std::string(key) + "': " + quoted(path, 128) + " is a directory, not a program",
                      "add '*' or '**' for the programs in it");
}

std::optional<std::string> check_sha256(Diagnostics& diagnostics, Location at, std::string_view text) {
  std::string digest(text.substr(text.substr(0, 7) == "sha256:" ? 7 : 0));
  bool hex = digest.size() == 64;
  for (char& c : digest) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c + 32);
    hex = hex && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  }
  if (hex) return digest;
  diagnostics.error("P0403", at, quoted(text, 80) + " is no SHA-256",
                    "64 hexadecimal digits, as sha256sum prints them");
  return std::nullopt;
}

std::optional<std::string> check_host(Diagnostics& diagnostics, Location at, std::string_view host) {
  if (host.size() > 1 && host.back() == '.') {
    diagnostics.error("P0421", at, "host " + quoted(host) + " ends with a dot", "write it without");
    return std::nullopt;
  }
  auto pattern = HostPattern::parse(host);
  if (!pattern) {
    const bool wide = pattern.error().message.find("too wide") != std::string::npos;
    if (wide) {
      diagnostics.error("P0422", at, pattern.error().message,
                        "write '*.example.com', or each host by its name");
    } else {
      const bool url = host.find("://") != std::string_view::npos || host.find('/') != std::string_view::npos;
      diagnostics.error("P0420", at, pattern.error().message,
                        url ? "write only the name, without scheme and path"
                        : host.find(':') != std::string_view::npos ? "the port has a key of its own: port"
                                                                   : "letters, digits, '-' and '.'");
    }
    return std::nullopt;
  }
  const auto address = parse_address(pattern->text());
  if (is_local_name(pattern->text()) || (address && is_never_reachable({*address, 128}))) {
    diagnostics.error("P0423", at, "host " + quoted(host) + " can never be reached from a sandbox",
                      kLoopbackRemedy);
    return std::nullopt;
  }
  return pattern->text();
}

std::optional<std::string> check_cidr(Diagnostics& diagnostics, Location at, std::string_view key,
                                      std::string_view text) {
  if (const auto cidr = parse_cidr(text)) return to_string(*cidr);
  std::string remedy = "write 10.0.0.0/8, fd00::/8 or a single address";
  // Bits below the prefix: say what the range would be.
  if (const auto address = parse_address(text.substr(0, text.find('/'))))
    remedy += "; the bits after the prefix must be zero";
  diagnostics.error("P0411", at,
                    "'" + std::string(key) + "': " + quoted(text, 64) + " is no address or range", remedy);
  return std::nullopt;
}

void check_reachable_cidr(Diagnostics& diagnostics, Location at, std::string_view text) {
  const auto cidr = parse_cidr(text);
  if (cidr && is_never_reachable(*cidr))
    diagnostics.error("P0424", at,
                      "'allowed_ips': " + quoted(text, 64) + " can never be reached from a sandbox",
                      kLoopbackRemedy);
}

void check_endpoint_target(Diagnostics& diagnostics, const Endpoint& endpoint, bool host_written) {
  if (!host_written && endpoint.allowed_ips.empty())
    diagnostics.error("P0410", endpoint.at,
                      "an endpoint without 'host' and without 'allowed_ips' would reach everything",
                      "name the host, or the addresses in allowed_ips");
}

void check_access_excludes_rules(Diagnostics& diagnostics, const Endpoint& endpoint, bool rules_written) {
  if (endpoint.access != Access::None && rules_written)
    diagnostics.error("P0412", endpoint.at, "'access' and 'rules' stand in one endpoint",
                      "keep one of them; deny_rules may stand beside either");
}

void check_protocol_has_rules(Diagnostics& diagnostics, const Endpoint& endpoint) {
  const bool judged = is_inspected(endpoint.protocol);
  const bool says_what =
      endpoint.access != Access::None || !endpoint.rules.empty() || endpoint.mcp_known_methods;
  // Deny rules alone are fine: they beat what other entries allow.
  if (judged && !says_what && endpoint.deny_rules.empty())
    diagnostics.error("P0418", endpoint.at,
                      protocol_text(endpoint.protocol) + " without 'rules' or 'access' allows nothing",
                      "add 'access: read-only', or rules");
  if (!judged && (!endpoint.deny_rules.empty() || (endpoint.protocol == Protocol::Tcp && says_what)))
    diagnostics.error("P0419", endpoint.at,
                      "'protocol: tcp' is not inspected, so rules and access have no effect",
                      "remove them, or write 'protocol: rest'");
}

void check_inspection_needs_tls(Diagnostics& diagnostics, const Endpoint& endpoint) {
  if (is_inspected(endpoint.protocol) && endpoint.tls == Tls::Passthrough)
    diagnostics.error(
        "P0414", endpoint.at,
        protocol_text(endpoint.protocol) + " needs to see the requests, but tls is passed through",
        "remove 'tls', or remove protocol, rules and access");
}

void check_no_conflict(Diagnostics& diagnostics, const Policy& policy) {
  const auto conflict = find_conflict(policy.network);
  if (!conflict) return;
  const Location at = conflict->second->at;
  diagnostics.error("P0416", at,
                    "this endpoint of '" + conflict->second_entry->key + "' overlaps with the one of '" +
                        conflict->first_entry->key + "' on line " + std::to_string(conflict->first->at.line) +
                        ", and they disagree on '" + conflict->what + "'",
                    "make them agree, or give them different hosts or ports");
}

}  // namespace nemoclaw::policy
