#include "policy/parse/scalar.h"

#include <algorithm>
#include <charconv>

namespace nemoclaw::policy {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_null(const Node& node) {
  return node.kind == NodeKind::Scalar && node.plain &&
         is_one_of(node.text, {"", "~", "null", "Null", "NULL"});
}

bool is_boolean_word(const Node& node) {
  return node.plain && is_one_of(node.text, {"true", "false", "True", "False", "TRUE", "FALSE"});
}

// What other YAML readers take for a boolean; ours must say so rather than guess.
bool is_yes_word(const Node& node) {
  return node.plain && is_one_of(node.text, {"yes", "no", "on", "off", "Yes", "No", "On", "Off", "YES", "NO",
                                             "ON", "OFF", "True", "False", "TRUE", "FALSE"});
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_decimal(std::string_view text) { return all_digits(text) && (text.size() == 1 || text[0] != '0'); }

// Something that the YAML core schema reads as a number: sign, digits, one dot, exponent.
bool looks_like_number(const Node& node) {
  if (!node.plain || node.text.empty()) return false;
  std::string_view text = node.text;
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  if (all_digits(text)) return true;
  const size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    std::string_view power = text.substr(exponent + 1);
    if (!power.empty() && (power[0] == '-' || power[0] == '+')) power.remove_prefix(1);
    if (!all_digits(power)) return false;
    text = text.substr(0, exponent);
  }
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return all_digits(text);
  const std::string_view whole = text.substr(0, dot), part = text.substr(dot + 1);
  return (whole.empty() || all_digits(whole)) && (part.empty() || all_digits(part)) &&
         whole.size() + part.size() > 0;
}

void wrong_type(Diagnostics& diagnostics, const Node& node, std::string_view key, const std::string& expected,
                std::string remedy = {}) {
  diagnostics.error("P0102", node.at,
                    "'" + std::string(key) + "' must be " + expected + ", not " + describe(node),
                    std::move(remedy));
}

}  // namespace

std::string describe(const Node& node) {
  if (node.kind == NodeKind::List) return "a list";
  if (node.kind == NodeKind::Map) return "a map";
  if (is_null(node)) return "nothing";
  if (is_boolean_word(node)) return "the boolean " + node.text;
  if (looks_like_number(node)) return "the number " + node.text.substr(0, 32);
  return "the text " + quoted(node.text, 64);
}

std::optional<bool> read_boolean(Diagnostics& diagnostics, const Node& node, std::string_view key) {
  if (node.kind == NodeKind::Scalar && node.plain) {
    if (node.text == "true") return true;
    if (node.text == "false") return false;
  }
  wrong_type(diagnostics, node, key, "true or false",
             node.kind == NodeKind::Scalar && is_yes_word(node) ? "write true or false, in lower case" : "");
  return std::nullopt;
}

std::optional<uint64_t> read_integer(Diagnostics& diagnostics, const Node& node, std::string_view key,
                                     uint64_t minimum, uint64_t maximum) {
  const std::string range = std::to_string(minimum) + " to " + std::to_string(maximum);
  if (node.kind != NodeKind::Scalar || !node.plain || !looks_like_number(node)) {
    const bool in_quotes = node.kind == NodeKind::Scalar && !node.plain && is_decimal(node.text);
    wrong_type(diagnostics, node, key, "a whole number",
               in_quotes ? "remove the quotes" : "write one number, in plain decimal digits");
    return std::nullopt;
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), value);
  const bool whole = error == std::errc() && end == node.text.data() + node.text.size();
  const bool plain_digits = whole && is_decimal(node.text);
  if (plain_digits && value >= minimum && value <= maximum) return value;
  diagnostics.error(
      "P0105", node.at,
      "'" + std::string(key) + "' must be a whole number from " + range + ", not " + node.text.substr(0, 32),
      plain_digits ? "choose a number of that range" : "write it in plain decimal digits");
  return std::nullopt;
}

std::optional<std::string> read_text(Diagnostics& diagnostics, const Node& node, std::string_view key,
                                     Numbers numbers) {
  if (node.kind != NodeKind::Scalar) {
    wrong_type(diagnostics, node, key, "text", "write one value behind the key");
    return std::nullopt;
  }
  if (node.plain && (is_null(node) || is_boolean_word(node) || looks_like_number(node))) {
    if (!(numbers == Numbers::Accepted && is_decimal(node.text))) {
      wrong_type(
          diagnostics, node, key, "text",
          is_null(node) ? "write the value, or remove the key" : "put it in quotes if this is what you mean");
      return std::nullopt;
    }
  }
  if (node.text.find('\0') != std::string::npos) {
    diagnostics.error("P0102", node.at, "'" + std::string(key) + "' holds a NUL byte");
    return std::nullopt;
  }
  return node.text;
}

std::optional<size_t> read_choice(Diagnostics& diagnostics, const Node& node, std::string_view key,
                                  const std::vector<std::string_view>& choices) {
  std::string list;
  for (size_t i = 0; i < choices.size(); ++i)
    list += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + std::string(choices[i]);
  // YAML 1.1 readers take a plain `off` for false; as a choice it is just the word.
  if (node.kind != NodeKind::Scalar || is_null(node) || is_boolean_word(node) || looks_like_number(node)) {
    wrong_type(diagnostics, node, key, list, "write one of these words");
    return std::nullopt;
  }
  const auto found = std::find(choices.begin(), choices.end(), node.text);
  if (found != choices.end()) return static_cast<size_t>(found - choices.begin());
  std::string remedy = did_you_mean(node.text, choices);
  if (remedy.empty()) remedy = choices.size() == 1 ? "write " + list : "write one of these words";
  diagnostics.error("P0104", node.at,
                    "'" + std::string(key) + "' must be " + list + ", not " + quoted(node.text, 64),
                    std::move(remedy));
  return std::nullopt;
}

namespace {

// How a collection is written, for somebody who wrote something else.
const char* how_to_write(NodeKind kind, bool is_empty) {
  switch (kind) {
    case NodeKind::List:
      return is_empty ? "write [] for an empty list, or remove the key"
                      : "write each item on a line of its own behind '- ', or all of them in [brackets]";
    case NodeKind::Map:
      return is_empty ? "write {} for an empty map, or remove the key"
                      : "write each key on a line of its own as 'key: value', or all of them in {braces}";
    default:
      return "";
  }
}

}  // namespace

bool expect_kind(Diagnostics& diagnostics, const Node& node, NodeKind kind, std::string_view key) {
  if (node.kind == kind) return true;
  wrong_type(diagnostics, node, key,
             kind == NodeKind::List  ? "a list"
             : kind == NodeKind::Map ? "a map"
                                     : "a single value",
             how_to_write(kind, is_null(node)));
  return false;
}

}  // namespace nemoclaw::policy
