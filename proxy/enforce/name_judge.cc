#include "proxy/enforce/name_judge.h"

#include <algorithm>
#include <cmath>

#include "proxy/dns/message.h"

namespace nemoclaw::enforce {

namespace {

using Kind = NameVerdict::Kind;
using policy::HostMatch;

NameVerdict refuse(std::string name, std::string reason, std::string code = "policy_denied") {
  return {Kind::Refuse, std::move(name), std::move(code), std::move(reason), true};
}

constexpr size_t kServiceLabelsMax = 2;
constexpr size_t kServiceLabelBytesMax = 16;  // an underscore, and a service name as RFC 6335 wants it

// "_service._proto.host" of SRV, "_port._https.host" of HTTPS: the host that it is about. Empty if the labels
// before it say more than that: whoever asks writes them.
std::string_view without_service_labels(std::string_view name) {
  for (size_t labels = 0; !name.empty() && name.front() == '_'; ++labels) {
    const size_t dot = name.find('.');
    if (dot == std::string_view::npos || labels == kServiceLabelsMax || dot > kServiceLabelBytesMax)
      return {};
    name.remove_prefix(dot + 1);
  }
  return name;
}

bool is_served(uint16_t type) {
  return type == dns::kA || type == dns::kAaaa || type == dns::kSrv || type == dns::kSvcb ||
         type == dns::kHttps;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// The part in front of a search domain; empty if it has none.
std::string_view before_search_domain(std::string_view name, const std::vector<std::string>& search) {
  for (const std::string& domain : search) {
    if (domain.empty() || name.size() <= domain.size() + 1 || !name.ends_with(domain)) continue;
    const size_t dot = name.size() - domain.size() - 1;
    if (name[dot] == '.') return name.substr(0, dot);
  }
  return {};
}

HostMatch match(const policy::Engine& engine, std::string_view host) {
  const Result<std::string> canonical = policy::normalise_host(host);
  return canonical ? engine.match_host(*canonical) : HostMatch::None;
}

}  // namespace

bool looks_random(std::string_view label) {
  if (label.size() < 20) return false;
  unsigned counts[256] = {};
  for (const char c : label) ++counts[static_cast<unsigned char>(c)];
  double entropy = 0;
  for (const unsigned count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(label.size());
    entropy -= share * std::log2(share);
  }
  return entropy > 3.92;  // bits per character: encoded data has about 4, words and hexadecimal numbers less
}

std::string NameBudget::spend(std::string_view name, Time now) {
  if (last_ == Time{}) last_ = now;
  tokens_ =
      std::min(kTokensMax, tokens_ + kTokensPerSecond * std::chrono::duration<double>(now - last_).count());
  last_ = now;
  if (asked_.count(name)) return {};
  double cost = 1;
  for (std::string_view rest = name; !rest.empty();) {
    const size_t dot = std::min(rest.find('.'), rest.size());
    const std::string_view label = rest.substr(0, dot);
    if (label.size() > kLabelMax)
      return "a label of " + std::to_string(label.size()) +
             " bytes below a wildcard: that is how data leaves by DNS; name the host exactly if it is one";
    if (looks_random(label)) cost = 20;
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  if (tokens_ < cost)
    return "too many new names below wildcards in a short time: that is how data leaves by DNS";
  tokens_ -= cost;
  if (asked_.size() >= kRememberedMax)
    asked_.erase(std::min_element(asked_.begin(), asked_.end(),
                                  [](const auto& a, const auto& b) { return a.second < b.second; }));
  asked_.emplace(name, now);
  return {};
}

NameVerdict judge_name(const policy::Engine& engine, std::string_view name, uint16_t type,
                       const std::vector<std::string>& search, NameBudget& budget, NameBudget::Time now) {
  const std::string shown = lower(name);
  if (engine.dns_mode() == policy::DnsMode::Off)
    return refuse(shown, "the policy serves no names (dns: {mode: off})");
  const bool is_open = engine.dns_mode() == policy::DnsMode::Open;
  const std::string_view host = type == dns::kSrv || type == dns::kSvcb || type == dns::kHttps
                                    ? without_service_labels(shown)
                                    : std::string_view(shown);
  const Result<std::string> canonical = policy::normalise_host(host);
  if (is_open) {
    // Every question leaves, in its plain form; a byte that no name holds is nobody's.
    if (shown.find('\\') != std::string::npos)
      return refuse(shown, "a name with bytes that no host name has");
    return {Kind::Resolve, shown, "", "the policy resolves every name (dns: {mode: open})", true};
  }
  const HostMatch matched = canonical ? engine.match_host(*canonical) : HostMatch::None;
  if (matched == HostMatch::None) {
    const std::string_view prefix = before_search_domain(shown, search);
    if (!prefix.empty()) {
      // REFUSED would end the C library's search before it comes to the name itself, which then fails.
      const bool is_expansion = match(engine, prefix) != HostMatch::None;
      return {
          Kind::NotThere, shown, "policy_denied",
          "name " + shown + " is not named by any policy entry (it ends in a search domain of the container)",
          !is_expansion};
    }
    return refuse(shown, "name " + shown + " is not named by any policy entry");
  }
  if (!is_served(type)) return {Kind::NoData, shown, "", "", false};
  // Of an exact name, the labels before it are still the asker's.
  const std::string service = shown.substr(0, shown.size() - host.size());
  if (matched == HostMatch::Wildcard || !service.empty())
    if (std::string reason = budget.spend(service + *canonical, now); !reason.empty())
      return refuse(shown, std::move(reason), "rate_limited");
  return {Kind::Resolve, service + *canonical, "", "", false};
}

}  // namespace nemoclaw::enforce
