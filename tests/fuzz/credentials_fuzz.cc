// A request with placeholders in it, and an answer that holds the secret. Whatever the request is: the secret
// gets into it only where the policy puts it, no placeholder is left in what is sent, and the length is that
// of the body. Whatever the answer is and however it is cut: it keeps its length, and holds no secret.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/enforce/credentials.h"
#include "proxy/enforce/placeholder.h"
#include "proxy/http/mask.h"

using namespace nemoclaw;

namespace {

constexpr std::string_view kSecret = "S3CRET&=%\"\\value";

class Store final : public enforce::Secrets {
 public:
  Result<std::string> read(std::string_view name) override {
    if (name == "token") return std::string(kSecret);
    return make_error("no such secret");
  }
};

void require(bool holds) {
  if (!holds) abort();
}

std::string_view take(std::string_view& input, char until) {
  const size_t end = input.find(until);
  const std::string_view part = input.substr(0, end);
  input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  return part;
}

void fill(std::string_view input) {
  static const auto bindings = [] {
    policy::Credential header, query, body;
    header.secret = query.secret = body.secret = "token";
    header.host = query.host = body.host = "a.test";
    header.header = "authorization";
    query.query = "key";
    body.body = true;
    return *policy::bind_credentials({header, query, body});
  }();
  const std::string target(take(input, '\n')), value(take(input, '\n')), other(take(input, '\n')),
      type(take(input, '\n'));
  Store store;
  for (const char* host : {"a.test", "b.test"}) {
    http::Request request;
    request.path = "/" + target;
    request.fields = {{"Authorization", value}, {"X-Other", other}, {"Content-Type", type}};
    std::string body(input);
    const enforce::Credentials credentials(bindings, {host, 443, true}, &store);
    if (!credentials.fill(request, &body)) continue;
    require(body.empty() || request.framing.length == body.size());
    require(request.fields[1].value == other && !enforce::holds_placeholder(other));
    if (std::string_view(host) == "a.test") continue;
    require(request.path == "/" + target && request.fields[0].value == value && body == input);
    require(!enforce::holds_placeholder(target + "\n" + value + "\n" + body));
  }
}

void mask(std::string_view input, size_t cut) {
  static const auto patterns =
      std::make_shared<const http::MaskPatterns>(std::vector<std::string>{std::string(kSecret)});
  std::string text(input);
  if (!text.empty()) text.insert(text.size() / 2, kSecret);
  const std::string whole = patterns->mask(text);
  require(whole.size() == text.size() && whole.find(kSecret) == std::string::npos);
  http::Masker masker(patterns);
  std::string out;
  cut = text.empty() ? 0 : cut % (text.size() + 1);
  masker.feed(std::string_view(text).substr(0, cut), out);
  masker.feed(std::string_view(text).substr(cut), out);
  masker.finish(out);
  require(out == whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  fill(input);
  mask(input, data[0]);
  return 0;
}
