#include "proxy/enforce/credentials.h"

#include <algorithm>
#include <cstring>

#include "policy/model/credential.h"
#include "proxy/enforce/placeholder.h"
#include "proxy/enforce/read_body.h"
#include "proxy/http/text.h"

namespace nemoclaw::enforce {

namespace {

bool is_encoded(const http::Request& request) {
  const http::Field* field = http::find_field(request.fields, "content-encoding");
  return field && !http::equals_ignoring_case(field->value, "identity");
}

std::string place_of(const policy::Credential& credential) {
  if (!credential.header.empty()) return "header " + credential.header;
  return credential.query.empty() ? std::string("the body") : "query key " + quoted(credential.query);
}

// An answer that nobody can look through could carry the secret back: no coding, and no part of a whole.
void ask_for_plain_answer(http::Request& request) {
  std::erase_if(request.fields, [](const http::Field& field) {
    return http::equals_ignoring_case(field.name, "accept-encoding") ||
           http::equals_ignoring_case(field.name, "grpc-accept-encoding") ||
           http::equals_ignoring_case(field.name, "range") ||
           http::equals_ignoring_case(field.name, "if-range");
  });
  request.fields.push_back({"Accept-Encoding", "identity"});
}

}  // namespace

std::string Credentials::Place::name() const {
  if (!header.empty()) return "header " + quoted(header, 60);
  if (!query.empty()) return "query key " + quoted(query, 60);
  return body ? "the body" : "the path or a key of the query";
}

Credentials::Credentials(const std::vector<policy::CredentialBinding>& bindings,
                         const Destination& destination, Secrets* secrets)
    : destination_(destination), secrets_(secrets) {
  for (const policy::CredentialBinding& binding : bindings)
    if (binding.is_for(destination.host, destination.port)) bound_.push_back(&binding.credential);
}

bool Credentials::wants_body() const {
  return std::any_of(bound_.begin(), bound_.end(), [](const policy::Credential* each) { return each->body; });
}

Result<std::string> Credentials::value(std::string_view secret, const Place& place, Names& used) const {
  if (!policy::is_secret_name(secret))
    return make_error(place.name() + " holds '" + std::string(policy::kPlaceholderPrefix) +
                      "' without the name of a secret behind it");
  std::string elsewhere;
  for (const policy::Credential* each : bound_) {
    if (each->secret != secret) continue;
    const bool here = each->body ? place.body
                      : each->query.empty()
                          ? !place.header.empty() && http::equals_ignoring_case(each->header, place.header)
                          : each->query == place.query;
    if (!here) {
      elsewhere += (elsewhere.empty() ? "; there it belongs in " : ", ") + place_of(*each);
      continue;
    }
    if (!destination_.is_tls && !each->plain_http)
      return make_error("the secret " + quoted(secret) +
                        " is not sent without TLS; 'plain_http: true' of its credential would allow it");
    if (!secrets_) return make_error("the node has no store of secrets");
    std::string found = TRY(secrets_->read(secret));
    if (!place.header.empty() && (!http::is_field_value(found) || http::trim(found).size() != found.size()))
      return make_error(
          "the secret " + quoted(secret) +
          " has bytes that cannot stand in a header; set it again with 'nemoclawctl secret set'");
    used.emplace(secret);
    return found;
  }
  return make_error(place.name() + " holds the placeholder of the secret " + quoted(secret) +
                    ", which the policy's credentials do not put there for " +
                    std::string(destination_.host) + ":" + std::to_string(destination_.port) + elsewhere);
}

Result<void> Credentials::fill_fields(http::Request& request, Names& used) const {
  for (http::Field& field : request.fields) {
    Place place;
    place.header = field.name;
    TRY(fill_field(field.value, [&](std::string_view secret) { return value(secret, place, used); }));
  }
  return {};
}

Result<void> Credentials::fill_target(http::Request& request, Names& used) const {
  const size_t mark = std::min(request.path.find('?'), request.path.size());
  const std::string_view path(request.path);
  if (path.find('%') == std::string_view::npos && !holds_placeholder(path)) return {};
  TRY(check_path(path.substr(0, mark), [&](std::string_view secret) { return value(secret, Place{}, used); }));
  if (mark == request.path.size()) return {};
  const std::string query =
      TRY(fill_query(path.substr(mark + 1), [&](std::string_view key, std::string_view secret) {
        Place place;
        place.query = key;
        return value(secret, place, used);
      }));
  request.path = request.path.substr(0, mark + 1) + query;
  return {};
}

Result<std::vector<std::string>> Credentials::fill(http::Request& request, std::string* body) const {
  Names used;
  TRY(fill_target(request, used));
  TRY(fill_fields(request, used));
  if (body && !is_encoded(request)) {
    Place place;
    place.body = true;
    std::string filled = TRY(fill_body(*body, media_type(request), [&](std::string_view secret) {
      return value(secret, place, used);
    }));
    if (filled != *body) *body = std::move(filled);
    request.framing = body->empty() ? request.framing : http::Framing{http::BodyKind::Length, body->size()};
  }
  if (!empty()) ask_for_plain_answer(request);
  return std::vector<std::string>(used.begin(), used.end());
}

std::shared_ptr<const http::MaskPatterns> Credentials::mask() const {
  std::vector<std::string> known;
  for (const policy::Credential* each : bound_) {
    Result<std::string> found = secrets_ ? secrets_->read(each->secret) : make_error("no store");
    if (found) known.push_back(std::move(*found));
  }
  if (known.empty()) return nullptr;
  auto patterns = std::make_shared<const http::MaskPatterns>(known);
  for (std::string& secret : known) explicit_bzero(secret.data(), secret.size());
  return patterns;
}

std::string placeholder_problem(const http::Request& request) {
  http::Request copy = request;
  const Result<std::vector<std::string>> filled =
      Credentials({}, {request.authority.host, request.authority.port, false}, nullptr).fill(copy, nullptr);
  return filled ? std::string() : filled.error().message;
}

}  // namespace nemoclaw::enforce
