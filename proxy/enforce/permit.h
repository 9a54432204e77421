// The right to connect: made only by Enforcer after a decision, used up by Forwarder. Code that has no Permit
// cannot forward, because there is nothing to call.
#pragma once

#include <asio/ip/address.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/audit/event.h"
#include "proxy/enforce/connection.h"
#include "proxy/http/answer.h"
#include "proxy/http/mask.h"
#include "proxy/http/request.h"

namespace nemoclaw::enforce {

// What somebody in the sandbox wants; the same for every way in.
struct Intent {
  std::string via;   // "connect", "http" or "captured"
  std::string host;  // as written in the request
  uint16_t port = 0;
  std::string method, path;
  // Of a captured connection: where it was going, which is the only place where it may go, and the names that
  // the sandbox was told for that address.
  std::optional<asio::ip::address> original;
  std::vector<std::string> names;
};

struct Refused {
  http::Denial denial;
};

class Permit {
 public:
  Permit(Permit&&) = default;
  Permit& operator=(Permit&&) = default;
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;

  // Judged; nothing else may be connected to.
  const std::vector<asio::ip::address>& addresses() const { return addresses_; }
  uint16_t port() const { return event_.port; }
  const audit::Event& event() const { return event_; }
  const Intent& intent() const { return intent_; }
  // What was judged, for the policies that come later.
  const policy::L4Request& request() const { return request_; }
  const std::shared_ptr<Container>& container() const { return container_; }
  // Set if the policy judges requests: nothing of the client may pass but what a RequestPermit holds.
  const std::optional<Connection>& inspected() const { return inspected_; }
  // Once there is a connection: only where it may lead is asked for again.
  void forget_question() {
    request_ = {};
    inspected_.reset();
    intent_ = {};
    event_.actor = {};
    event_.reason.clear();
  }

 private:
  friend class Enforcer;
  Permit(Intent intent, std::vector<asio::ip::address> addresses, audit::Event event)
      : intent_(std::move(intent)), addresses_(std::move(addresses)), event_(std::move(event)) {}

  Intent intent_;
  std::vector<asio::ip::address> addresses_;
  audit::Event event_;
  policy::L4Request request_;
  std::shared_ptr<Container> container_;
  std::optional<Connection> inspected_;
};

// The right to send one request, in its canonical form, over a connection that was permitted.
class RequestPermit {
 public:
  RequestPermit(RequestPermit&&) = default;
  RequestPermit& operator=(RequestPermit&&) = default;
  RequestPermit(const RequestPermit&) = delete;
  RequestPermit& operator=(const RequestPermit&) = delete;

  // As it is sent: with the node's secrets in it, so that no part of it but the path is for anybody to see.
  const http::Request& request() const { return request_; }
  // As it was judged, with placeholders.
  const http::Request& judged() const { return judged_ ? *judged_ : request_; }
  // Instead of the body that was read, if secrets were put into that.
  const std::optional<std::string>& body() const { return body_; }
  // What must not come back with the answer; null: nothing.
  const std::shared_ptr<const http::MaskPatterns>& mask() const { return mask_; }
  // No more of a body than this, and what was sent is counted for this endpoint.
  uint64_t body_bytes_max() const { return body_bytes_max_; }
  const std::string& quota_key() const { return quota_key_; }

 private:
  friend class Enforcer;
  explicit RequestPermit(http::Request request) : request_(std::move(request)) {}

  http::Request request_;
  std::optional<http::Request> judged_;
  std::optional<std::string> body_;
  std::shared_ptr<const http::MaskPatterns> mask_;
  uint64_t body_bytes_max_ = UINT64_MAX;
  std::string quota_key_;
};

}  // namespace nemoclaw::enforce
