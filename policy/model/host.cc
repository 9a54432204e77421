#include "policy/model/host.h"

#include <algorithm>
#include <vector>

#include "policy/model/a_label.h"
#include "policy/model/address.h"

namespace nemoclaw::policy {
namespace {

constexpr size_t kNameMax = 253;  // RFC 1035, 2.3.4, without the root's dot
constexpr size_t kLabelMax = 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::vector<std::string_view> split_labels(std::string_view name) {
  std::vector<std::string_view> labels;
  for (;;) {
    const size_t dot = name.find('.');
    labels.push_back(name.substr(0, dot));
    if (dot == std::string_view::npos) return labels;
    name.remove_prefix(dot + 1);
  }
}

// The last label, which is cut off.
std::string_view take_last_label(std::string_view& name) {
  const size_t dot = name.rfind('.');
  const std::string_view label = name.substr(dot == std::string_view::npos ? 0 : dot + 1);
  name = name.substr(0, dot == std::string_view::npos ? 0 : dot);
  return label;
}

// A last label that inet_aton(3) takes as a number makes the whole name an address in somebody's eyes.
bool looks_numeric(std::string_view label) {
  if (label.empty()) return false;
  if (std::all_of(label.begin(), label.end(), is_digit)) return true;
  if (label.size() < 2 || label[0] != '0' || label[1] != 'x') return false;
  return std::all_of(label.begin() + 2, label.end(),
                     [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

// "" or what is wrong with a lower-case label. `star` permits '*'.
const char* label_problem(std::string_view label, bool star) {
  if (label.empty()) return "has an empty label";
  if (label.size() > kLabelMax) return "has a label of more than 63 bytes";
  for (char c : label) {
    if (is_letter(c) || is_digit(c) || c == '-' || (star && c == '*')) continue;
    if (c == '%') return "holds a percent sign (hosts are never percent-decoded)";
    if (c == '*') return "holds a '*' where no wildcard may stand";
    if (static_cast<unsigned char>(c) >= 0x80) return "is not ASCII (write the A-label form, xn--...)";
    return "holds a character that no host name has (letters, digits, '-' and '.' only)";
  }
  if (label.front() == '-' || label.back() == '-') return "has a label that starts or ends with '-'";
  return "";
}

Error host_error(std::string_view host, std::string_view problem) {
  return make_error("host " + quoted(host) + " " + std::string(problem));
}

Result<std::string> normalise_v6(std::string_view host, std::string_view inner) {
  if (inner.find_first_not_of("0123456789abcdefABCDEF:.%") != std::string_view::npos)
    return host_error(host, "holds a ':' but is no IPv6 address (a host has no scheme, port or path)");
  if (inner.find('%') != std::string_view::npos) return host_error(host, "has a zone id");
  const auto address = parse_address(inner);
  if (!address || inner.find(':') == std::string_view::npos)
    return host_error(host, "is not an IPv6 address");
  return to_string(*address);
}

// What stands before the first star of both, or after the last, is the same or the patterns share nothing.
bool ends_differ(std::string_view a, std::string_view b) {
  for (size_t i = 0; i < a.size() && i < b.size() && a[i] != '*' && b[i] != '*'; ++i)
    if (a[i] != b[i]) return true;
  for (size_t i = 1; i <= a.size() && i <= b.size() && a[a.size() - i] != '*' && b[b.size() - i] != '*'; ++i)
    if (a[a.size() - i] != b[b.size() - i]) return true;
  return false;
}

// Do two label patterns share a string? reach[i][j]: the rests a[i..] and b[j..] do. A table, because the
// plain recursion is exponential in the number of stars.
bool labels_overlap(std::string_view a, std::string_view b) {
  if (ends_differ(a, b)) return false;
  std::vector<std::vector<bool>> reach(a.size() + 1, std::vector<bool>(b.size() + 1));
  for (size_t i = a.size() + 1; i-- > 0;) {
    for (size_t j = b.size() + 1; j-- > 0;) {
      const bool star_a = i < a.size() && a[i] == '*', star_b = j < b.size() && b[j] == '*';
      bool shared = i == a.size() && j == b.size();
      if (star_a) shared = shared || reach[i + 1][j] || (j < b.size() && reach[i][j + 1]);
      if (star_b) shared = shared || reach[i][j + 1] || (i < a.size() && reach[i + 1][j]);
      if (i < a.size() && j < b.size() && a[i] == b[j]) shared = shared || reach[i + 1][j + 1];
      reach[i][j] = shared;
    }
  }
  return reach[0][0];
}

}  // namespace

bool label_matches(std::string_view pattern, std::string_view label) {
  size_t p = 0, s = 0, star = std::string_view::npos, resume = 0;
  while (s < label.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = s;
    } else if (p < pattern.size() && pattern[p] == label[s]) {
      ++p, ++s;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      s = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<std::string> normalise_host(std::string_view host) {
  if (host.empty()) return make_error("the host is empty");
  if (host.size() > kNameMax + 1) return host_error(host, "is longer than 253 bytes");
  if (host.front() == '[') {
    if (host.back() != ']') return host_error(host, "has no closing bracket");
    return normalise_v6(host, host.substr(1, host.size() - 2));
  }
  if (host.find(':') != std::string_view::npos) return normalise_v6(host, host);
  std::string name(host);
  std::transform(name.begin(), name.end(), name.begin(), lower);
  if (name.back() == '.') name.pop_back();
  if (name.empty() || name.size() > kNameMax) return host_error(host, "is no host name");
  const auto labels = split_labels(name);
  for (std::string_view label : labels)
    if (const char* problem = label_problem(label, false); *problem) return host_error(host, problem);
  if (!looks_numeric(labels.back())) return name;
  const auto address = parse_address(name);
  if (!address || host.back() == '.') {
    return host_error(host,
                      "is a number, not a name: an IPv4 address is written as four decimal numbers, "
                      "without leading zeros");
  }
  return to_string(*address);
}

namespace {

// Lower case, with A-labels where an operator wrote another alphabet.
Result<std::string> written_host(std::string_view text) {
  std::string host;
  for (std::string_view label : split_labels(text)) {
    const auto written = to_a_label(label);
    if (!written)
      return host_error(text,
                        "holds letters that have no plain A-label (write the form that DNS knows, xn--...)");
    host += (label.data() == text.data() ? "" : ".") + *written;
  }
  std::transform(host.begin(), host.end(), host.begin(), lower);
  return host;
}

}  // namespace

Result<HostPattern> HostPattern::parse(std::string_view written) {
  HostPattern pattern;
  const std::string text = TRY(written_host(written));
  if (text.find('*') == std::string_view::npos) {
    if (!text.empty() && text.back() == '.') return host_error(text, "ends with a dot");
    pattern.text_ = TRY(normalise_host(text));
    return pattern;
  }
  pattern.exact_ = false;
  pattern.text_ = text;
  if (text.size() > kNameMax) return host_error(text, "is longer than 253 bytes");
  auto labels = split_labels(pattern.text_);
  if (labels.size() < 3) {
    return host_error(text, "is too wide: a wildcard needs at least two literal labels after it");
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    const bool star = i == 0 || labels[i] == "*";
    if (labels[i] == "**" && i == 0) continue;
    if (labels[i].find("**") != std::string_view::npos)
      return host_error(text, "may hold '**' only as its first label");
    if (i + 2 >= labels.size() && labels[i].find('*') != std::string_view::npos)
      return host_error(text, "is too wide: its last two labels must be literal");
    if (const char* problem = label_problem(labels[i], star); *problem) return host_error(text, problem);
  }
  if (looks_numeric(labels.back())) return host_error(text, "is a wildcard over addresses: use allowed_ips");
  pattern.any_depth_ = labels.front() == "**";
  return pattern;
}

// From the last label to the first: no allocation, because every request comes through here.
bool HostPattern::matches(std::string_view host) const {
  if (exact_) return host == text_;
  std::string_view pattern = labels();
  while (!pattern.empty() && !host.empty())
    if (!label_matches(take_last_label(pattern), take_last_label(host))) return false;
  return pattern.empty() && host.empty() != any_depth_;
}

// A star of the narrow pattern stands in its text as a byte that only a star of the wide one matches.
bool HostPattern::covers(const HostPattern& other) const {
  if (other.exact_) return matches(other.text_);
  std::string_view mine = labels(), theirs = other.labels();
  const auto wide = std::count(mine.begin(), mine.end(), '.');
  const auto narrow = std::count(theirs.begin(), theirs.end(), '.') + (other.any_depth_ ? 1 : 0);
  if (exact_ || (other.any_depth_ && !any_depth_)) return false;
  if (any_depth_ ? narrow <= wide : narrow != wide) return false;
  while (!mine.empty() && !theirs.empty())
    if (!label_matches(take_last_label(mine), take_last_label(theirs))) return false;
  return mine.empty();
}

bool HostPattern::overlaps(const HostPattern& other) const {
  if (exact_) return other.matches(text_);
  if (other.exact_) return matches(other.text_);
  std::string_view mine = labels(), theirs = other.labels();
  while (!mine.empty() && !theirs.empty())
    if (!labels_overlap(take_last_label(mine), take_last_label(theirs))) return false;
  // "**." takes at least one label more than what stands behind it.
  const bool longer = theirs.empty() && !mine.empty(), shorter = mine.empty() && !theirs.empty();
  if (any_depth_ && other.any_depth_) return true;
  if (any_depth_) return shorter;
  if (other.any_depth_) return longer;
  return !longer && !shorter;
}

}  // namespace nemoclaw::policy
