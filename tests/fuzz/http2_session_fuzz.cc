// Frames of an HTTP/2 peer, cut at a place that the input chooses: the events must not depend on the cut, and
// a request that is reported must be one that the parser of HTTP/1 takes, too, with the same meaning.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/http2/session.h"

using namespace nemoclaw;

namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

void check_request(http::Request request) {
  if (request.path == "*") return;
  http::RequestParser parser(http::TargetForm::Origin, 443);
  const std::string head = http::serialise_request(request, 443, true);
  std::string_view input = head;
  if (parser.feed(input) != http::RequestParser::State::Complete || !input.empty()) abort();
  const http::Request& parsed = parser.request();
  if (parsed.method != request.method || parsed.path != request.path ||
      parsed.authority.port != request.authority.port || parsed.framing.length != request.framing.length)
    abort();
}

struct Recorder : http2::Events {
  std::string text;
  http2::Session* session = nullptr;
  void say(char kind, int32_t stream) { text += kind + std::to_string(stream) + ' '; }
  void on_request(int32_t stream, http::Request request, bool ends) override {
    say(ends ? 'Q' : 'q', stream);
    check_request(request);
    if (!http2::read_request(http2::write_request(request, 443), ends)) abort();
    session->answer(stream, {{":status", "200"}}, false);
    session->write_data(stream, "answer");
    session->finish(stream);
  }
  void on_response(int32_t stream, http::Response response, bool ends) override {
    say(ends ? 'R' : 'r', stream);
    if (!http2::read_response(http2::write_response(response))) abort();
  }
  void on_oversized_head(int32_t stream) override { say('o', stream); }
  void on_malformed(int32_t stream, const std::string&) override { say('m', stream); }
  void on_data(int32_t stream, std::string_view data) override {
    session->consume(stream, data.size());
    text.append(data);
  }
  void on_end(int32_t stream, http2::Block) override { say('e', stream); }
  // Closes and writes depend on when we could send.
  void on_close(int32_t, uint32_t) override {}
  void on_written(int32_t, size_t) override {}
};

std::string run(std::string_view bytes, size_t cut, bool is_server) {
  Recorder events;
  http2::Session session(is_server ? http2::Role::Server : http2::Role::Client, events);
  events.session = &session;
  if (!is_server)
    for (int i = 0; i < 3; ++i)
      session.open({{":method", "GET"}, {":scheme", "https"}, {":authority", "h"}, {":path", "/"}}, true);
  const http2::FloodGuard::Time now{std::chrono::seconds(1)};
  std::string out;
  session.send(out, 1 << 20);
  if (is_server) session.receive(kPreface, now);
  session.receive(bytes.substr(0, cut), now);
  session.receive(bytes.substr(cut), now);
  session.send(out, 1 << 20);
  return events.text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  const bool is_server = data[0] % 4 != 0;
  const size_t cut = bytes.empty() ? 0 : data[1] % (bytes.size() + 1);
  // A connection that was over at the cut is not listened to any more.
  const std::string whole = run(bytes, bytes.size(), is_server), parts = run(bytes, cut, is_server);
  if (whole.substr(0, parts.size()) != parts) abort();
  return 0;
}
