// The right to connect: made only by Enforcer after a decision, used up by Forwarder. Code that has no Permit
// cannot forward, because there is nothing to call.
#pragma once

#include <asio/ip/address.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "proxy/audit/event.h"
#include "proxy/http/answer.h"

namespace nemoclaw::enforce {

// What somebody in the sandbox wants; the same for every way in.
struct Intent {
  std::string via;   // "connect" or "http"
  std::string host;  // as written in the request
  uint16_t port = 0;
  std::string method, path;
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

 private:
  friend class Enforcer;
  Permit(Intent intent, std::vector<asio::ip::address> addresses, audit::Event event)
      : intent_(std::move(intent)), addresses_(std::move(addresses)), event_(std::move(event)) {}

  Intent intent_;
  std::vector<asio::ip::address> addresses_;
  audit::Event event_;
};

}  // namespace nemoclaw::enforce
