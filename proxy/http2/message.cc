#include "proxy/http2/message.h"

#include <algorithm>

#include "proxy/http/grpc.h"
#include "proxy/http/text.h"

namespace nemoclaw::http2 {

namespace {

using http::Field;
constexpr size_t kMethodBytesMax = 32;
constexpr size_t kPathBytesMax = 8192;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_upper_case(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char byte) { return byte >= 'A' && byte <= 'Z'; });
}

// A field that is no pseudo field, as section 8.2 wants it.
Result<void> check_field(const Field& field) {
  if (has_upper_case(field.name)) return make_error("upper case in the name " + quoted(field.name, 40));
  TRY(http::check_field(field.name, field.value));
  if (http::trim(field.value).size() != field.value.size())
    return make_error("white space around the value of " + quoted(field.name, 40));
  if (is_one_of(field.name, {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}))
    return make_error("the field " + field.name + ", which HTTP/2 does not have");
  if (field.name == "te" && field.value != "trailers") return make_error("a TE other than 'trailers'");
  return {};
}

// Takes the pseudo fields off `block` into `values`, which stand in the order of `names`; each at most once,
// none unknown, none behind another field. The rest is checked.
Result<void> take_pseudo_fields(Block& block, std::initializer_list<std::string_view> names,
                                std::vector<std::string>& values, std::vector<bool>& seen) {
  values.assign(names.size(), {});
  seen.assign(names.size(), false);
  size_t count = 0;
  for (; count < block.size() && block[count].name.starts_with(':'); ++count) {
    const auto known = std::find(names.begin(), names.end(), block[count].name);
    if (known == names.end()) return make_error("the pseudo field " + quoted(block[count].name, 40));
    const auto index = static_cast<size_t>(known - names.begin());
    if (seen[index]) return make_error("more than one " + block[count].name);
    seen[index] = true;
    values[index] = std::move(block[count].value);
  }
  block.erase(block.begin(), block.begin() + static_cast<ptrdiff_t>(count));
  for (const Field& field : block) {
    if (field.name.starts_with(':')) return make_error("a pseudo field behind the others");
    TRY(check_field(field));
  }
  return {};
}

Result<void> check_path(std::string_view path, std::string_view method) {
  if (path.size() > kPathBytesMax) return make_error(":path is too long");
  if (path != "*" ? !path.starts_with('/') : method != "OPTIONS")
    return make_error(":path " + quoted(path, 40) + " is not a path");
  const bool plain = std::all_of(path.begin(), path.end(), [](char raw) {
    const auto byte = static_cast<unsigned char>(raw);
    return byte > 0x20 && byte < 0x7f && byte != '#' && byte != '\\';
  });
  if (!plain) return make_error(":path holds a control byte, a non-ASCII byte, '#' or a backslash");
  return {};
}

// Host says what :authority says, or the request is refused; it is not needed any more.
Result<void> drop_host(Block& fields, const http::Authority& authority) {
  const size_t hosts = http::count_fields(fields, "host");
  if (hosts == 0) return {};
  const http::Authority host = TRY(http::parse_authority(http::find_field(fields, "host")->value, 443));
  if (hosts > 1 || !http::equals_ignoring_case(host.host, authority.host) || host.port != authority.port)
    return make_error("host differs from :authority");
  std::erase_if(fields, [](const Field& field) { return field.name == "host"; });
  return {};
}

// Section 8.2.3: HTTP/2 may send one Cookie in pieces.
void join_cookies(Block& fields) {
  Field* first = nullptr;
  for (Field& field : fields) {
    if (field.name != "cookie") continue;
    if (!first) {
      first = &field;
      continue;
    }
    if (!first->value.empty() && !field.value.empty()) first->value += "; ";
    first->value += field.value;
    field.name.clear();
  }
  std::erase_if(fields, [](const Field& field) { return field.name.empty(); });
}

void append_end_to_end(const std::vector<Field>& fields, Block& block) {
  for (Field& field : http::end_to_end_fields(fields))
    block.push_back({http::lower(field.name), std::move(field.value)});
}

}  // namespace

Result<http::Request> read_request(Block block, bool ends) {
  std::vector<std::string> values;
  std::vector<bool> seen;
  TRY(take_pseudo_fields(block, {":method", ":scheme", ":authority", ":path"}, values, seen));
  if (std::find(seen.begin(), seen.end(), false) != seen.end())
    return make_error("one of :method, :scheme, :authority and :path is missing");
  http::Request request;
  request.method = std::move(values[0]);
  if (!http::is_token(request.method) || request.method.size() > kMethodBytesMax)
    return make_error("the method is not a token of at most 32 bytes");
  if (request.method == "CONNECT") return make_error("CONNECT inside a connection that is inspected");
  if (values[1] != "https") return make_error(":scheme is not https");
  request.authority = TRY_CONTEXT(http::parse_authority(values[2], 443), ":authority");
  request.path = std::move(values[3]);
  TRY(check_path(request.path, request.method));
  TRY(drop_host(block, request.authority));
  TRY(http::check_singletons(block));
  if (const Field* expect = http::find_field(block, "expect")) {
    if (!http::equals_ignoring_case(expect->value, "100-continue"))
      return make_error("an Expect other than 100-continue");
    request.expect_continue = !ends;
  }
  request.framing = TRY(http::parse_framing(block, 1));
  if (ends && request.framing.length > 0) return make_error("a Content-Length, and no body");
  if (ends) request.framing.kind = http::BodyKind::None;
  if (!ends && request.framing.kind == http::BodyKind::None) request.framing.kind = http::BodyKind::Chunked;
  join_cookies(block);
  request.fields = std::move(block);
  return request;
}

Result<http::Response> read_response(Block block) {
  std::vector<std::string> values;
  std::vector<bool> seen;
  TRY(take_pseudo_fields(block, {":status"}, values, seen));
  const std::string& status = values[0];
  const bool digits = status.size() == 3 &&
                      std::all_of(status.begin(), status.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || status[0] < '1' || status[0] > '5') return make_error("not an HTTP status code");
  http::Response response;
  response.status = std::stoi(status);
  if (response.status == 101) return make_error("the status 101, which HTTP/2 does not have");
  response.framing = TRY(http::parse_framing(block, 1));
  std::erase_if(block, [](const Field& field) { return field.name == "alt-svc"; });
  response.fields = std::move(block);
  return response;
}

Result<Block> read_trailers(Block block) {
  for (const Field& field : block) {
    if (field.name.starts_with(':')) return make_error("a pseudo field in a trailer");
    TRY(check_field(field));
  }
  std::erase_if(block, [](const Field& field) {
    return is_one_of(field.name, {"authorization", "proxy-authorization", "content-length",
                                  "content-encoding", "content-type", "content-range", "cookie", "set-cookie",
                                  "host", "te", "trailer", "expect", "alt-svc", "http2-settings"}) ||
           field.name.starts_with("proxy-");
  });
  return block;
}

Block write_request(const http::Request& request, uint16_t default_port) {
  Block block{{":method", request.method},
              {":scheme", "https"},
              {":authority", http::render_authority(request.authority, default_port)},
              {":path", request.path}};
  append_end_to_end(request.fields, block);
  // gRPC servers see by this that nobody on the way drops trailers.
  if (http::find_field(request.fields, "te")) block.push_back({"te", "trailers"});
  if (request.framing.kind == http::BodyKind::Length)
    block.push_back({"content-length", std::to_string(request.framing.length)});
  return block;
}

Block write_response(const http::Response& response) {
  Block block{{":status", std::to_string(response.status)}};
  append_end_to_end(response.fields, block);
  if (const Field* length = http::find_field(response.fields, "content-length"))
    block.push_back({"content-length", length->value});
  return block;
}

bool is_grpc(const http::Request& request) { return http::grpc_form(request) == http::GrpcForm::Grpc; }

}  // namespace nemoclaw::http2
