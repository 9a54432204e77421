// The connections that stand: a policy that comes into force while they do is asked about them, too.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "policy/engine/engine.h"
#include "proxy/enforce/container.h"
#include "proxy/net/async.h"

namespace nemoclaw::enforce {

struct Context;

// One upstream connection; registered in its context while it lives.
struct Live {
  Live(Context& where, net::tcp::socket upstream);
  ~Live();
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  Context& context;
  net::tcp::socket socket;    // closed where requests pass: they go over connections that come and go
  asio::ip::address address;  // judged; the socket may lead to a proxy
  std::shared_ptr<Container> container;
  policy::L4Request request;
  // Bytes that nobody judges pass here. False: single requests do, and each is judged by the policy of its
  // moment.
  bool is_tunnel = false;
  // Ends the requests on it that are still being sent and that `engine` does not allow, or only counts them.
  std::function<size_t(const policy::Engine& engine, bool dry_run)> revoke_requests;
  std::string revoked;  // why it was closed by us; empty: it was not
};

// Empty if `engine` would allow the connection as it stands, else why not.
std::string why_not(const Live& live, const policy::Engine& engine);

// The tunnels and streams of `container` that its policy in force does not allow: closed, unless `dry_run`. Returns how
// many. `engine`: what is to be asked.
size_t revoke(Context& context, const Container& container, const policy::Engine& engine, bool dry_run);

}  // namespace nemoclaw::enforce
