// The request head: the same answer however it is cut, and a canonical form that reads back as itself.
#include <cstdlib>
#include <string>

#include "proxy/http/body.h"
#include "proxy/http/request.h"
#include "proxy/http/response.h"

using namespace nemoclaw::http;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RequestParser whole, bytewise;
  std::string_view input = text;
  const RequestParser::State state = whole.feed(input);
  RequestParser::State cut = RequestParser::State::NeedMore;
  size_t used = 0;
  while (used < size && cut == RequestParser::State::NeedMore) {
    std::string_view byte = text.substr(used++, 1);
    cut = bytewise.feed(byte);
  }
  if (cut != state || whole.refusal().reason != bytewise.refusal().reason) abort();
  ResponseParser response("GET");
  std::string_view answer = text;
  response.feed(answer);
  BodyDecoder body(Framing{BodyKind::Chunked, 0});
  std::string_view chunks = text;
  std::string content;
  body.feed(chunks, content);
  if (state != RequestParser::State::Complete) return 0;

  if (input.size() != size - used) abort();
  if (whole.request().is_connect) return 0;
  const std::string forwarded = serialise_request(whole.request());
  // An origin-form head is what a server reads; as an absolute one it must give the same request again.
  const size_t space = forwarded.find(' ');
  const std::string& path = whole.request().path;
  const std::string again = forwarded.substr(0, space) + " http://" +
                            render_authority(whole.request().authority, 80) + (path == "*" ? "" : path) +
                            forwarded.substr(space + 1 + path.size());
  RequestParser second;
  std::string_view reread = again;
  if (second.feed(reread) != RequestParser::State::Complete || !reread.empty()) abort();
  if (serialise_request(second.request()) != forwarded) abort();
  return 0;
}
