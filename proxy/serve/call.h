// One request of an HTTP/2 connection and its answer: a stream of the client, and, if it may go on, one of
// the origin.
#pragma once

#include <optional>

#include "proxy/enforce/permit.h"
#include "proxy/http2/message.h"

namespace nemoclaw::serve {

struct Call {
  int32_t client = 0;         // the client's stream
  int32_t origin = -1;        // the origin's, while it stands
  http::Request request;      // as it came, with the length of a body that was read to be judged
  bool client_ended = false;  // the request is complete
  std::optional<enforce::RequestPermit> permit;

  // While its body is read to be judged.
  bool is_collecting = false;
  uint64_t body_bytes_max = 0;
  std::chrono::steady_clock::time_point collect_until{};
  std::string body;
  size_t held_bytes = 0;  // of the memory that all connections share
  http2::Block trailers;

  std::optional<http::Masker> masker;  // of the answer, if secrets are to be kept out of it

  uint64_t body_bytes = 0;  // that came for the origin
  int interim_answers = 0;
  bool answer_started = false, is_answered = false;  // the second: nothing of it is missing
};

}  // namespace nemoclaw::serve
