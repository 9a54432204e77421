#include "proxy/http/graphql_lexer.h"

#include <algorithm>

namespace nemoclaw::http {

namespace {

using Kind = GraphQlToken::Kind;

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return is_name_start(c) || is_digit(c); }

}  // namespace

void GraphQlLexer::skip_ignored() {
  static constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  for (;;) {
    const size_t blank = std::min(rest_.find_first_not_of(" \t\r\n,"), rest_.size());
    rest_.remove_prefix(blank);
    if (rest_.starts_with('#'))
      rest_.remove_prefix(std::min(rest_.find_first_of("\r\n"), rest_.size()));
    else if (rest_.starts_with(kByteOrderMark))
      rest_.remove_prefix(kByteOrderMark.size());
    else
      return;
  }
}

GraphQlToken GraphQlLexer::take(Kind kind, size_t length) {
  const GraphQlToken token{kind, rest_.substr(0, length)};
  rest_.remove_prefix(std::min(length, rest_.size()));
  return token;
}

GraphQlToken GraphQlLexer::take_block_string() {
  for (size_t at = 3; at < rest_.size(); ++at) {
    if (rest_.substr(at, 4) == "\\\"\"\"")
      at += 3;
    else if (rest_.substr(at, 3) == "\"\"\"")
      return take(Kind::Value, at + 3);
  }
  return take(Kind::Bad, rest_.size());
}

GraphQlToken GraphQlLexer::take_string() {
  if (rest_.starts_with("\"\"\"")) return take_block_string();
  for (size_t at = 1; at < rest_.size() && rest_[at] != '\n' && rest_[at] != '\r'; ++at) {
    if (rest_[at] == '\\')
      ++at;
    else if (rest_[at] == '"')
      return take(Kind::Value, at + 1);
  }
  return take(Kind::Bad, rest_.size());
}

GraphQlToken GraphQlLexer::next() {
  skip_ignored();
  if (rest_.empty()) return {};
  const char first = rest_.front();
  if (is_name_start(first))
    return take(Kind::Name,
                static_cast<size_t>(std::find_if_not(rest_.begin(), rest_.end(), is_name) - rest_.begin()));
  if (first == '"') return take_string();
  if (is_digit(first) || first == '-') {
    const auto is_number = [](char c) { return is_name(c) || c == '.' || c == '-' || c == '+'; };
    return take(Kind::Value, static_cast<size_t>(std::find_if_not(rest_.begin() + 1, rest_.end(), is_number) -
                                                 rest_.begin()));
  }
  if (rest_.starts_with("...")) return take(Kind::Punctuator, 3);
  if (std::string_view("!$&()=:@[]{|}").find(first) != std::string_view::npos)
    return take(Kind::Punctuator, 1);
  return take(Kind::Bad, 1);
}

}  // namespace nemoclaw::http
