#include "proxy/serve/websocket.h"

#include <openssl/evp.h>

#include <asio/experimental/awaitable_operators.hpp>

#include "proxy/http/mask_response.h"
#include "proxy/http/websocket.h"
#include "proxy/net/listener.h"

namespace nemoclaw::serve {

namespace {

constexpr auto kSilence = std::chrono::minutes(60);
constexpr auto kEndTime = std::chrono::seconds(10);  // for the client to close, once it was told

// RFC 6455 section 4.2.2: base64 of the SHA-1 of the key and a fixed text.
std::string accept_for(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE], encoded[64];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  const int length = EVP_EncodeBlock(encoded, digest, static_cast<int>(size));
  return std::string(reinterpret_cast<const char*>(encoded), static_cast<size_t>(length));
}

// The client's messages: judged when a message of a kind starts that was not judged under the engine in
// force.
class Judge {
 public:
  Judge(enforce::Context& context, enforce::Connection& connection, const http::Request& handshake)
      : context_(context), connection_(connection), handshake_(handshake) {}

  // The decision's id if it is refused.
  std::optional<std::string> refuse(http::MessageKind kind) {
    std::shared_ptr<const policy::Engine>& judged = allowed_by_[static_cast<size_t>(kind)];
    if (judged == connection_.container->engine) return std::nullopt;
    const auto decided = enforce::Enforcer(context_).decide_request(connection_, message(kind));
    if (const auto* refused = std::get_if<enforce::Refused>(&decided)) return refused->denial.decision;
    judged = connection_.container->engine;
    return std::nullopt;
  }

  // "" or why `engine` would not let pass what passed until now.
  std::string why_not(const policy::Engine& engine) const {
    const enforce::Enforcer enforcer(context_);
    std::string reason = enforcer.why_not_request(connection_, engine, handshake_);
    for (const http::MessageKind kind : {http::MessageKind::Text, http::MessageKind::Binary})
      if (reason.empty() && allowed_by_[static_cast<size_t>(kind)])
        reason = enforcer.why_not_request(connection_, engine, message(kind));
    return reason;
  }

 private:
  http::Request message(http::MessageKind kind) const {
    http::Request made = handshake_;
    made.method = kind == http::MessageKind::Text ? "WEBSOCKET_TEXT" : "WEBSOCKET_BINARY";
    return made;
  }

  enforce::Context& context_;
  enforce::Connection& connection_;
  const http::Request& handshake_;
  std::shared_ptr<const policy::Engine> allowed_by_[2];
};

class Frames {
 public:
  // `secrets`: of the permit; what must not come back.
  Frames(Judge& judge, WebSocketEnds& ends, std::shared_ptr<const http::MaskPatterns> secrets,
         Watchdog& watchdog, net::RelayBytes& bytes)
      : judge_(judge), ends_(ends), secrets_(std::move(secrets)), watchdog_(watchdog), bytes_(bytes) {}

  net::Task<void> run() {
    using namespace asio::experimental::awaitable_operators;
    const Watched watched(*this);
    co_await (pump(ends_.client, ends_.origin, true) && pump(ends_.origin, ends_.client, false));
  }

  // The origin's side is what wakes up, and tells the client.
  size_t revoke(const policy::Engine& engine, bool dry_run) {
    if (!revoked_.empty()) return 0;
    const std::string reason = judge_.why_not(engine);
    if (reason.empty()) return 0;
    if (dry_run) return 1;
    revoked_ = "the policy that is in force now does not allow it";
    watchdog_.allow(kEndTime);
    net::reset_connection(ends_.origin.stream.socket());
    return 1;
  }

 private:
  // While messages pass, a policy that comes into force asks about them.
  struct Watched {
    explicit Watched(Frames& frames) : live(*frames.ends_.live) {
      live.revoke_requests = [&frames](const policy::Engine& engine, bool dry_run) {
        return frames.revoke(engine, dry_run);
      };
    }
    ~Watched() { live.revoke_requests = nullptr; }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    enforce::Live& live;
  };

  net::Task<void> pump(Side& from, Side& to, bool is_client) {
    http::WebSocketChecker checker(is_client, ends_.message_bytes_max, is_client ? nullptr : secrets_);
    std::string kept = std::exchange(from.unread, {});
    std::string_view input = kept;
    for (;;) {
      if (input.empty()) {
        const asio::mutable_buffer buffer = net::shared_buffer();
        const net::IoResult got = co_await from.stream.read_some(buffer);
        if (!is_client && !revoked_.empty()) co_return co_await end(http::render_close(1008, revoked_));
        if (got.code == asio::error::eof) co_return co_await to.stream.shutdown_send();
        if (got.code) co_return reset();
        watchdog_.allow(kSilence);
        input = std::string_view(static_cast<const char*>(buffer.data()), got.bytes);
      }
      std::string out, close;
      const bool open = check(checker, input, is_client, out, close);
      // What is left belongs to what comes next, and the shared buffer does not outlive a wait.
      kept.assign(input);
      input = kept;
      const net::IoResult written = co_await to.stream.write_all(asio::buffer(out));
      (is_client ? bytes_.out : bytes_.in) += written.bytes;
      if (written.code) co_return reset();
      if (!open) co_return co_await end(close);
    }
  }

  // False when nothing more may pass; `close` is then what the client is told.
  bool check(http::WebSocketChecker& checker, std::string_view& input, bool is_client, std::string& out,
             std::string& close) {
    while (!input.empty()) {
      const auto step = checker.feed(input, out);
      if (step == http::WebSocketChecker::Step::Failed) {
        close = http::render_close(checker.close_code(), checker.error());
        return false;
      }
      if (step != http::WebSocketChecker::Step::MessageStart) continue;
      if (is_client)
        if (const std::optional<std::string> decision = judge_.refuse(checker.kind())) {
          close = http::render_close(1008, "not permitted by policy, decision " + *decision);
          return false;
        }
      if (input.empty()) checker.feed(input, out);
    }
    return true;
  }

  net::Task<void> end(const std::string& close) {
    client_is_told_ = true;
    co_await ends_.client.stream.write_all(asio::buffer(close));
    co_await ends_.client.stream.shutdown_send();
    net::reset_connection(ends_.origin.stream.socket());  // a cut message must not look complete
  }

  void reset() {
    // A reset could overtake the close frame that tells the client why.
    if (!client_is_told_) net::reset_connection(ends_.client.stream.socket());
    net::reset_connection(ends_.origin.stream.socket());
  }

  Judge& judge_;
  WebSocketEnds& ends_;
  std::shared_ptr<const http::MaskPatterns> secrets_;
  Watchdog& watchdog_;
  net::RelayBytes& bytes_;
  bool client_is_told_ = false;
  std::string revoked_;
};

// False: the origin's answer cannot be had. What follows the head is in origin.unread.
net::Task<bool> read_answer(Side& origin, http::ResponseParser& parser) {
  for (;;) {
    const asio::mutable_buffer buffer = net::shared_buffer();
    const net::IoResult got = co_await origin.stream.read_some(buffer);
    if (got.code) co_return false;
    std::string_view input(static_cast<const char*>(buffer.data()), got.bytes);
    const auto state = parser.feed(input);
    origin.unread = input;
    if (state == http::ResponseParser::State::Malformed) co_return false;
    if (state == http::ResponseParser::State::Complete) co_return true;
  }
}

}  // namespace

net::Task<void> serve_websocket(enforce::Context& context, enforce::Connection& connection,
                                const enforce::RequestPermit& permit, WebSocketEnds ends, Watchdog& watchdog,
                                ExchangeOutcome& outcome) {
  const http::Request& request = permit.request();
  const std::string head = http::serialise_websocket_request(request, ends.default_port);
  const net::IoResult sent = co_await ends.origin.stream.write_all(asio::buffer(head));
  outcome.bytes.out += sent.bytes;
  http::ResponseParser parser(request.method);
  if (sent.code || !co_await read_answer(ends.origin, parser)) {
    outcome.failure = "the origin gave no answer to the WebSocket handshake" +
                      (parser.error().empty() ? std::string() : ": " + parser.error());
    co_return;
  }
  const http::Response& response = parser.response();
  if (response.status != 101) {  // refused, and the connection stays what it was: HTTP
    if (response.status < 200)
      outcome.failure = "the origin answered a WebSocket handshake with " + std::to_string(response.status);
    else
      co_await pass_answer(ends.client, ends.origin, request, response,
                           {.mask = permit.mask(), .watchdog = &watchdog}, outcome);
    co_return;
  }
  const std::string accept = accept_for(http::find_field(request.fields, "sec-websocket-key")->value);
  outcome.failure = http::websocket_response_problem(request, response, accept);
  if (!outcome.failure.empty()) {
    if (permit.mask()) outcome.failure = permit.mask()->mask(outcome.failure);
    co_return;
  }
  outcome.answer_started = true;
  outcome.status = 101;
  const auto& secrets = permit.mask();
  const std::string answer =
      http::serialise_websocket_response(secrets ? http::masked(*secrets, response) : response);
  const net::IoResult told = co_await ends.client.stream.write_all(asio::buffer(answer));
  if (told.code) co_return;
  watchdog.allow(kSilence);
  Judge judge(context, connection, permit.judged());
  co_await Frames(judge, ends, secrets, watchdog, outcome.bytes).run();
}

}  // namespace nemoclaw::serve
