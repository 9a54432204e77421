// credentials: which placeholder becomes which secret, and where.
#include "policy/model/credential.h"
#include "policy/parse/decode.h"
#include "policy/parse/validate.h"

namespace nemoclaw::policy {
namespace {

constexpr const char* kSecretName = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$";
constexpr const char* kVariable = "^[A-Za-z_][A-Za-z0-9_]*$";

void decode_secret(Diagnostics& diagnostics, const Node& node, Credential& out) {
  auto name = read_text(diagnostics, node, "secret");
  if (name && check_secret_name(diagnostics, node.at, *name)) out.secret = std::move(*name);
}

void decode_host(Diagnostics& diagnostics, const Node& node, Credential& out) {
  const auto text = read_text(diagnostics, node, "host");
  if (!text) return;
  if (auto host = check_host(diagnostics, node.at, *text)) out.host = std::move(*host);
}

void decode_port(Diagnostics& diagnostics, const Node& node, Credential& out) {
  if (const auto port = read_integer(diagnostics, node, "port", 1, 65535))
    out.port = static_cast<uint16_t>(*port);
}

void decode_header(Diagnostics& diagnostics, const Node& node, Credential& out) {
  auto header = read_text(diagnostics, node, "header");
  if (header && check_credential_header(diagnostics, node.at, *header)) out.header = std::move(*header);
}

void decode_variable(Diagnostics& diagnostics, const Node& node, Credential& out) {
  auto variable = read_text(diagnostics, node, "variable");
  if (!variable) return;
  check_variable_name(diagnostics, node.at, "variable", *variable);
  out.variable = std::move(*variable);
}

const Keys<Credential>& credential_keys() {
  static const Keys<Credential> keys = {
      required(other<Credential>("secret", text_shape(kSecretName), decode_secret,
                                 "Name of the secret in the node's store.")),
      required(other<Credential>("host", Shape::Text, decode_host, "Exact name, wildcard or address.")),
      other<Credential>("port", integer_shape(1, 65535), decode_port, "The port; absent: 443."),
      other<Credential>("header", Shape::Text, decode_header,
                        "Replaced in this field of the request's head."),
      text("query", &Credential::query, "Replaced in the values of this key of the query."),
      boolean("body", &Credential::body, "Replaced in the body, which is read whole before it is sent."),
      boolean("plain_http", &Credential::plain_http, "Replaced in requests without TLS, too."),
      other<Credential>(
          "variable", text_shape(kVariable), decode_variable,
          "Variable of the container that holds the placeholder; absent: the name in capitals."),
  };
  return keys;
}

Shape credential_shape() {
  Shape shape = object_shape(credential_keys);
  shape.exactly_one = {{"header", "query", "body"}};
  return shape;
}

void decode_credentials(Diagnostics& diagnostics, const Node& node, Policy& policy) {
  for_each_item(diagnostics, node, "credentials", [&](const Node& item) {
    Credential credential;
    credential.at = item.at;
    if (!decode_map(diagnostics, item, "a credential", credential_keys(), credential)) return;
    const int places =
        (item.find("header") ? 1 : 0) + (item.find("query") ? 1 : 0) + (item.find("body") ? 1 : 0);
    const bool says_nothing =
        (item.find("body") && !credential.body) || (item.find("query") && credential.query.empty());
    if (places != 1 || says_nothing)
      diagnostics.error("P0451", item.at, "a credential is for one place of the request",
                        "write one of 'header: NAME', 'query: KEY' and 'body: true'; several places are "
                        "several credentials");
    if (credential.variable.empty()) credential.variable = default_variable(credential.secret);
    if (!credential.secret.empty() && !credential.host.empty())
      policy.credentials.push_back(std::move(credential));
  });
}

}  // namespace

Key<Policy> credentials_section() {
  return other<Policy>("credentials", list_shape(credential_shape()), decode_credentials,
                       "Secrets of the node that the sandbox uses and never sees.");
}

}  // namespace nemoclaw::policy
