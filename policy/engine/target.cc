#include "policy/engine/target.h"

#include <algorithm>

#include "policy/engine/escape.h"
#include "runtime/base/json.h"

namespace nemoclaw::policy {
namespace {

constexpr size_t kPathMax = 4096;
constexpr size_t kQueryMax = 8192;

TargetOutcome refuse(std::string reason, int status = 400) {
  return {std::nullopt, status, std::move(reason)};
}

bool is_control(unsigned char byte) { return byte < 0x20 || byte == 0x7f; }

// "" or what is wrong with the bytes after decoding: they must be text that every reader reads alike.
const char* decoded_problem(std::string_view bytes) {
  while (!bytes.empty()) {
    if (is_control(static_cast<unsigned char>(bytes[0]))) return "holds an encoded control byte";
    const size_t length = json::utf8_sequence(bytes);
    if (length == 0) return "decodes to bytes that are not UTF-8";
    bytes.remove_prefix(length);
  }
  return "";
}

// "" or the problem; `plus`: '+' is a space.
const char* decode(std::string_view text, bool plus, std::string& out) {
  out.clear();
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += plus && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int byte = decode_escape(text.substr(i));
    if (byte < 0) return "holds a '%' that two hexadecimal digits do not follow";
    out += static_cast<char>(byte);
    i += 2;
  }
  return decoded_problem(out);
}

bool is_dots(std::string_view text) { return text == "." || text == ".."; }

// What some server could read as a dot segment: a part between encoded slashes, or what stands before an
// encoded ';'.
bool hides_dots(std::string_view segment) {
  if (segment.find_first_of("/;") == std::string_view::npos) return false;
  for (;;) {
    const size_t slash = segment.find('/');
    const std::string_view part = segment.substr(0, slash);
    if (is_dots(part.substr(0, part.find(';')))) return true;
    if (slash == std::string_view::npos) return false;
    segment.remove_prefix(slash + 1);
  }
}

const char* segment_problem(std::string_view segment, bool keep_encoded_slash) {
  if (segment.find('\\') != std::string_view::npos) return "holds a backslash";
  if (!keep_encoded_slash && segment.find('/') != std::string_view::npos)
    return "holds an encoded slash (%2F), which the endpoint does not allow";
  return hides_dots(segment) ? "hides a dot segment behind an encoded '/' or ';'" : "";
}

// "" or the problem. `path` starts with '/'.
const char* canonical_path(std::string_view path, bool keep_encoded_slash, std::string& out) {
  std::vector<size_t> starts;  // where each segment of `out` starts, with its slash
  std::string segment;
  bool directory = false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view raw = path.substr(0, slash);
    path.remove_prefix(slash);
    // The parameter goes before dots are looked at: "..;x" climbs.
    if (const char* problem = decode(raw.substr(0, raw.find(';')), false, segment); *problem) return problem;
    if (const char* problem = segment_problem(segment, keep_encoded_slash); *problem) return problem;
    directory = segment.empty() || is_dots(segment);
    if (segment == "..") {
      if (starts.empty()) return "climbs above the root";
      out.resize(starts.back());
      starts.pop_back();
    }
    if (directory) continue;
    starts.push_back(out.size());
    out += '/';
    for (char c : segment) append_escaped(out, static_cast<unsigned char>(c));
  }
  if (directory || out.empty()) out += '/';
  return "";
}

const char* parameter_problem(std::string_view path) {
  // What is cut off must still be well formed: a server may look at it first.
  std::string ignored;
  for (size_t at = path.find(';'); at != std::string_view::npos; at = path.find(';', at + 1)) {
    const std::string_view rest = path.substr(at);
    if (const char* problem = decode(rest.substr(0, rest.find('/')), false, ignored); *problem)
      return problem;
    at += std::min(rest.find('/'), rest.size()) - 1;
  }
  return "";
}

const char* query_pairs(std::string_view query, std::vector<QueryPair>& pairs) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const size_t equals = std::min(part.find('='), part.size());
    QueryPair pair;
    if (const char* problem = decode(part.substr(0, equals), true, pair.key); *problem) return problem;
    const std::string_view value = part.substr(std::min(equals + 1, part.size()));
    if (const char* problem = decode(value, true, pair.value); *problem) return problem;
    pairs.push_back(std::move(pair));
  }
  return "";
}

bool starts_with_scheme(std::string_view target, std::string_view scheme) {
  return target.size() >= scheme.size() &&
         std::equal(scheme.begin(), scheme.end(), target.begin(), [](char expected, char c) {
           return expected == (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
         });
}

// Absolute form: the authority goes to its member, the rest stays.
void cut_authority(std::string_view& target, std::string& authority) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!starts_with_scheme(target, scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t end = std::min(target.find_first_of("/?#"), target.size());
    authority = std::string(target.substr(0, end));
    target.remove_prefix(end);
    return;
  }
}

}  // namespace

TargetOutcome canonicalise_target(std::string_view target, bool keep_encoded_slash) {
  for (char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_control(byte) || byte == ' ' || byte >= 0x80)
      return refuse("the target holds a control byte, a space or a byte that is not ASCII");
  }
  if (target.find('#') != std::string_view::npos) return refuse("the target has a fragment");
  CanonicalTarget canonical;
  const bool origin_form = !target.empty() && target[0] == '/';
  if (!origin_form) {
    cut_authority(target, canonical.authority);
    if (canonical.authority.empty())
      return refuse("the target is neither a path nor an http URL with an authority");
  }
  const size_t mark = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, mark);
  if (path.size() > kPathMax) return refuse("the path is longer than 4096 bytes", 414);
  if (mark < target.size()) {
    canonical.query = std::string(target.substr(mark + 1));
    if (canonical.query->size() > kQueryMax) return refuse("the query is longer than 8192 bytes", 414);
    if (const char* problem = query_pairs(*canonical.query, canonical.pairs); *problem)
      return refuse(std::string("the query ") + problem);
  }
  const char* problem = parameter_problem(path);
  if (!*problem) problem = canonical_path(path, keep_encoded_slash, canonical.path);
  if (*problem) return refuse(std::string("the path ") + problem);
  if (canonical.path.size() > kPathMax)
    return refuse("the path is longer than 4096 bytes in canonical form", 414);
  return {std::move(canonical), 0, {}};
}

}  // namespace nemoclaw::policy
