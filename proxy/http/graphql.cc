#include "proxy/http/graphql.h"

#include <algorithm>
#include <map>
#include <set>

#include "proxy/http/graphql_lexer.h"
#include "proxy/http/text.h"
#include "runtime/base/json.h"

namespace nemoclaw::http {

namespace {

using Kind = GraphQlToken::Kind;
constexpr size_t kTokensMax = 50'000;
constexpr size_t kDepthMax = 64;
constexpr size_t kOperationsMax = 50;
constexpr size_t kJsonDepthMax = 64;

// What stands at the top of a selection set.
struct Selection {
  std::set<std::string> fields, spreads;
};

class Parser {
 public:
  explicit Parser(std::string_view document) : lexer_(document) { advance(); }

  Result<std::vector<GraphQlOperation>> run() {
    while (token_.kind != Kind::End) TRY(definition());
    if (operations_.empty()) return make_error("the document holds no operation");
    std::vector<GraphQlOperation> operations;
    for (auto& [operation, selection] : operations_) {
      std::set<std::string> fields, visited;
      TRY(collect(selection, fields, visited));
      operation.fields.assign(fields.begin(), fields.end());
      operations.push_back(std::move(operation));
    }
    return operations;
  }

 private:
  void advance() {
    token_ = lexer_.next();
    if (++tokens_ > kTokensMax) token_.kind = Kind::Bad;
  }
  bool at(std::string_view punctuator) const {
    return token_.kind == Kind::Punctuator && token_.text == punctuator;
  }
  bool skip(std::string_view punctuator) {
    const bool found = at(punctuator);
    if (found) advance();
    return found;
  }
  Error unexpected(const char* wanted) const {
    return make_error(std::string("expected ") + wanted + ", found " +
                      (token_.kind == Kind::End ? "the end" : quoted(token_.text, 20)));
  }
  Result<std::string_view> name() {
    if (token_.kind != Kind::Name) return unexpected("a name");
    const std::string_view text = token_.text;
    advance();
    return text;
  }

  Result<void> definition() {
    if (operations_.size() >= kOperationsMax) return make_error("the document holds too many operations");
    if (at("{")) return operation("query", "");
    const std::string_view word = TRY(name());
    if (word == "fragment") return fragment();
    if (word != "query" && word != "mutation" && word != "subscription")
      return make_error(quoted(word, 20) + " is not a definition that can be executed");
    std::string_view own_name;
    if (token_.kind == Kind::Name) own_name = TRY(name());
    if (at("(")) TRY(skip_balanced());
    TRY(directives());
    return operation(word, own_name);
  }

  Result<void> operation(std::string_view type, std::string_view own_name) {
    Selection selection;
    TRY(selection_set(&selection, 0));
    operations_.emplace_back(GraphQlOperation{std::string(type), std::string(own_name), {}},
                             std::move(selection));
    return {};
  }

  Result<void> fragment() {
    const std::string_view own_name = TRY(name());
    if (own_name == "on") return unexpected("a fragment's name");
    const std::string_view on = TRY(name());
    if (on != "on") return make_error("fragment " + quoted(own_name, 40) + " says no type");
    TRY(name());
    TRY(directives());
    Selection selection;
    TRY(selection_set(&selection, 0));
    if (!fragments_.emplace(std::string(own_name), std::move(selection)).second)
      return make_error("fragment " + quoted(own_name, 40) + " is defined twice");
    return {};
  }

  // `top`: where to note the fields; null below the first level.
  Result<void> selection_set(Selection* top, size_t depth) {
    if (depth > kDepthMax) return make_error("the document is nested too deeply");
    if (!skip("{")) return unexpected("'{'");
    if (at("}")) return unexpected("a field");
    while (!skip("}")) {
      if (skip("..."))
        TRY(spread(top, depth));
      else
        TRY(field(top, depth));
    }
    return {};
  }

  Result<void> spread(Selection* top, size_t depth) {
    if (token_.kind == Kind::Name && token_.text != "on") {
      const std::string_view target = TRY(name());
      if (top) top->spreads.insert(std::string(target));
      return directives();
    }
    if (token_.kind == Kind::Name) {
      advance();
      TRY(name());
    }
    TRY(directives());
    return selection_set(top, depth + 1);  // an inline fragment is on the level where it stands
  }

  Result<void> field(Selection* top, size_t depth) {
    std::string_view own_name = TRY(name());
    if (skip(":")) own_name = TRY(name());  // what stood there was an alias
    if (top) top->fields.insert(std::string(own_name));
    if (at("(")) TRY(skip_balanced());
    TRY(directives());
    if (at("{")) return selection_set(nullptr, depth + 1);
    return {};
  }

  Result<void> directives() {
    while (skip("@")) {
      TRY(name());
      if (at("(")) TRY(skip_balanced());
    }
    return {};
  }

  // Arguments and variable definitions: values of any kind between balanced brackets.
  Result<void> skip_balanced() {
    std::string open;
    do {
      if (token_.kind == Kind::End || token_.kind == Kind::Bad) return unexpected("a value");
      if (token_.kind == Kind::Punctuator) {
        const char c = token_.text.front();
        if (c == '(' || c == '[' || c == '{') open += c == '(' ? ')' : c == '[' ? ']' : '}';
        if (c == ')' || c == ']' || c == '}') {
          if (open.back() != c) return unexpected("the closing bracket");
          open.pop_back();
        }
        if (open.size() > kDepthMax) return make_error("a value is nested too deeply");
      }
      advance();
    } while (!open.empty());
    return {};
  }

  Result<void> collect(const Selection& selection, std::set<std::string>& fields,
                       std::set<std::string>& visited) {
    fields.insert(selection.fields.begin(), selection.fields.end());
    for (const std::string& target : selection.spreads) {
      const auto found = fragments_.find(target);
      if (found == fragments_.end()) return make_error("fragment " + quoted(target, 40) + " is not defined");
      if (visited.size() > kTokensMax) return make_error("too many fragments");
      if (visited.insert(target).second) TRY(collect(found->second, fields, visited));
    }
    return {};
  }

  GraphQlLexer lexer_;
  GraphQlToken token_;
  size_t tokens_ = 0;
  std::vector<std::pair<GraphQlOperation, Selection>> operations_;
  std::map<std::string, Selection> fragments_;
};

Result<std::vector<GraphQlOperation>> operations_of(const std::string* document, bool is_persisted,
                                                    const std::string* operation_name) {
  if (!document || document->empty()) {
    if (is_persisted) return std::vector<GraphQlOperation>{{"", operation_name ? *operation_name : "", {}}};
    return make_error("the request holds no query");
  }
  return parse_graphql(*document);
}

Result<const std::string*> text_member(const json::Value& object, std::string_view key) {
  const json::Value* member = object.find(key);
  if (!member) return static_cast<const std::string*>(nullptr);
  if (!member->is_string()) return make_error("'" + std::string(key) + "' is not text");
  return &member->string;
}

Result<std::vector<GraphQlOperation>> parse_request(const json::Value& request) {
  if (request.type != json::Type::Object) return make_error("a request is not an object");
  for (const auto& [name, value] : request.object)
    for (const char* key : {"query", "operationName", "extensions"})
      if (name != key && equals_ignoring_case(name, key))
        return make_error("the key " + quoted(name, 40) + " looks like '" + key + "'");
  const std::string* document = TRY(text_member(request, "query"));
  const std::string* operation_name = TRY(text_member(request, "operationName"));
  const bool is_persisted = request.find("extensions") || request.find("id") || request.find("documentId");
  return operations_of(document, is_persisted, operation_name);
}

}  // namespace

Result<std::vector<GraphQlOperation>> parse_graphql(std::string_view document) {
  return Parser(document).run();
}

Result<std::vector<GraphQlOperation>> parse_graphql_body(std::string_view body) {
  const json::Value root = TRY(json::parse(body, json::Limits{body.size() + 1, kJsonDepthMax, 200'000}));
  if (root.type != json::Type::Array) return parse_request(root);
  if (root.array.empty() || root.array.size() > kOperationsMax)
    return make_error(
        format("a batch holds 1 to %zu requests, this one %zu", kOperationsMax, root.array.size()));
  std::vector<GraphQlOperation> all;
  for (const json::Value& request : root.array)
    for (GraphQlOperation& operation : TRY(parse_request(request))) all.push_back(std::move(operation));
  return all;
}

Result<std::vector<GraphQlOperation>> parse_graphql_query(
    const std::vector<std::pair<std::string, std::string>>& pairs) {
  const std::string *document = nullptr, *operation_name = nullptr;
  bool is_persisted = false;
  for (const auto& [name, value] : pairs) {
    const std::string** target = name == "query"           ? &document
                                 : name == "operationName" ? &operation_name
                                                           : nullptr;
    if (name == "extensions") is_persisted = true;
    if (!target) continue;
    if (*target) return make_error("'" + name + "' is there twice");
    *target = &value;
  }
  return operations_of(document, is_persisted, operation_name);
}

}  // namespace nemoclaw::http
