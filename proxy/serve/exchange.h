// One judged request and its answer between two streams: exactly that request goes out, written anew; exactly
// one answer comes back, written anew (RFC 9112). What either side sends beyond is never taken for a part of
// it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proxy/http/mask.h"
#include "proxy/http/request.h"
#include "proxy/http/response.h"
#include "proxy/net/relay.h"
#include "proxy/net/stream.h"
#include "proxy/serve/watchdog.h"

namespace nemoclaw::serve {

// One end, with what was read from it and belongs to whatever comes next.
struct Side {
  net::Stream& stream;
  std::string unread;
};

struct ExchangeOutcome {
  net::RelayBytes bytes;
  std::string failure;          // empty: the answer was passed on completely
  bool client_fault = false;    // the request's body was malformed
  bool over_limit = false;      // the request's body was longer than allowed
  bool answer_started = false;  // the client has got a part of the answer
  int status = 0;               // of the answer
  // Both ends are exactly behind this exchange, and want another one.
  bool client_reusable = false, origin_reusable = false;
  // Another client's request may follow on the origin's connection: the answer's end was beyond doubt, and
  // nobody has proven who they are to the connection instead of within each request (NTLM, Negotiate).
  bool origin_shareable = false;
  std::optional<std::chrono::seconds> origin_patience;  // how long the origin said that it waits
};

struct ExchangeOptions {
  uint16_t default_port = 80;                                // of the scheme, left out of Host
  bool keep = false;                                         // both connections may be used again
  uint64_t body_bytes_max = UINT64_MAX;                      // a longer body is cut off, and the origin reset
  std::shared_ptr<const http::MaskPatterns> mask = nullptr;  // what must not reach the client; null: nothing
  Watchdog* watchdog = nullptr;  // allowed more time whenever a byte comes: streams may last for ever
};

net::Task<void> exchange(Side& client, Side& origin, const http::Request& request,
                         const ExchangeOptions& options, ExchangeOutcome& outcome);

// An answer whose head was read already; what followed it is in origin.unread. Neither connection is used
// again.
net::Task<void> pass_answer(Side& client, Side& origin, const http::Request& request,
                            const http::Response& response, const ExchangeOptions& options,
                            ExchangeOutcome& outcome);

}  // namespace nemoclaw::serve
