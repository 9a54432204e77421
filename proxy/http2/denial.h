// The proxy's own answer on a stream. Pure.
#pragma once

#include "proxy/http/answer.h"
#include "proxy/http2/message.h"

namespace nemoclaw::http2 {

struct Answer {
  Block head;
  std::string body;  // empty: the head is all
};

// As HTTP/1 has it; for gRPC and gRPC-Web status 200 with grpc-status and grpc-message where their clients
// read them.
Answer render_denial(const http::Denial& denial, const http::Request& request);

// The fields that tell a gRPC client, in a head or in a trailer.
Block grpc_status(const http::Denial& denial);

}  // namespace nemoclaw::http2
