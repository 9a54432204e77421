// One absolute-form request over one upstream connection: exactly the judged request goes out, exactly one
// answer comes back.
#pragma once

#include <string>

#include "proxy/http/request.h"
#include "proxy/net/async.h"
#include "proxy/net/relay.h"

namespace nemoclaw::serve {

struct ExchangeOutcome {
  net::RelayBytes bytes;
  std::string failure;          // empty: the answer was passed on completely
  bool client_fault = false;    // the request's body was malformed
  bool answer_started = false;  // the client has got a part of the answer
};

// `early`: body bytes that came with the head.
net::Task<void> exchange(net::tcp::socket& client, net::tcp::socket& origin, const http::Request& request,
                         std::string early, ExchangeOutcome& outcome);

}  // namespace nemoclaw::serve
