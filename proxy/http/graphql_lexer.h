// Tokens of a GraphQL document (GraphQL October 2021, section 2.1). Pure; views into the document.
#pragma once

#include <string_view>

namespace nemoclaw::http {

struct GraphQlToken {
  enum class Kind : unsigned char { End, Name, Punctuator, Value, Bad } kind = Kind::End;
  std::string_view text;  // of a name or punctuator ("..." is one)
};

class GraphQlLexer {
 public:
  explicit GraphQlLexer(std::string_view document) : rest_(document) {}
  GraphQlToken next();

 private:
  void skip_ignored();
  GraphQlToken take(GraphQlToken::Kind kind, size_t length);
  GraphQlToken take_string();
  GraphQlToken take_block_string();

  std::string_view rest_;
};

}  // namespace nemoclaw::http
