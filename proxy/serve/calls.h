// The calls of one HTTP/2 connection, between the client's session and the origin's: each request is judged
// by itself, and what becomes of one is nothing to the others. No I/O: bytes go in and out of the sessions.
#pragma once

#include <map>
#include <memory>

#include "proxy/enforce/enforce.h"
#include "proxy/http2/session.h"
#include "proxy/net/relay.h"
#include "proxy/serve/call.h"

namespace nemoclaw::serve {

class Calls {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // `bytes`: what went either way is counted there.
  Calls(enforce::Context& context, enforce::Connection& connection, net::RelayBytes& bytes);

  ~Calls();
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  http2::Session& client() { return client_; }
  http2::Session& origin() { return origin_; }
  bool empty() const { return calls_.empty(); }

  // The origin cannot be had, or not any more: open calls and those that still come are answered with this.
  void lose_origin(std::string code, std::string reason);
  // After bytes of the origin: an origin that takes no more requests gets none, and the client is told.
  void watch_origin();
  // Requests whose bodies are awaited for too long.
  void drop_late(Time now);
  // Calls of which more is to come, and which `engine` would not allow.
  size_t revoke(const policy::Engine& engine, bool dry_run);

 private:
  struct ClientEvents : http2::Events {
    explicit ClientEvents(Calls& owner) : calls(owner) {}
    void on_request(int32_t stream, http::Request request, bool ends) override;
    void on_oversized_head(int32_t stream) override;
    void on_malformed(int32_t stream, const std::string& reason) override;
    void on_data(int32_t stream, std::string_view data) override;
    void on_end(int32_t stream, http2::Block trailers) override;
    void on_close(int32_t stream, uint32_t code) override;
    void on_written(int32_t stream, size_t bytes) override;
    Calls& calls;
  };
  struct OriginEvents : http2::Events {
    explicit OriginEvents(Calls& owner) : calls(owner) {}
    void on_response(int32_t stream, http::Response response, bool ends) override;
    void on_oversized_head(int32_t stream) override;
    void on_malformed(int32_t stream, const std::string& reason) override;
    void on_data(int32_t stream, std::string_view data) override;
    void on_end(int32_t stream, http2::Block trailers) override;
    void on_close(int32_t stream, uint32_t code) override;
    void on_written(int32_t stream, size_t bytes) override;
    Calls& calls;
  };

  Call* of_client(int32_t stream);
  Call* of_origin(int32_t stream);
  void begin(Call& call);
  void collect(Call& call, std::string_view data);
  void judge(Call& call);
  void forward(Call& call, enforce::RequestPermit permit);
  void pass_body(Call& call, std::string_view data);
  void count_sent(const Call& call, size_t bytes);
  // Both answer the client, and leave the origin's stream.
  void refuse(Call& call, const http::Refusal& refusal);
  void deny(Call& call, const http::Denial& denial);
  void lose_answer(Call& call, const std::string& reason);
  void leave_origin(Call& call);
  void revoke(Call& call, const std::string& reason);

  enforce::Context& context_;
  enforce::Connection& connection_;
  enforce::Enforcer enforcer_;
  net::RelayBytes& bytes_;
  ClientEvents client_events_{*this};
  OriginEvents origin_events_{*this};
  http2::Session client_{http2::Role::Server, client_events_};
  http2::Session origin_{http2::Role::Client, origin_events_};
  std::map<int32_t, std::unique_ptr<Call>> calls_;  // by the client's stream
  std::map<int32_t, Call*> by_origin_;
  size_t collected_bytes_ = 0;  // of all bodies that are being read to be judged
  size_t collecting_ = 0;       // calls
  bool client_is_told_ = false;
  std::string failure_code_, failure_;  // why there is no origin
};

}  // namespace nemoclaw::serve
