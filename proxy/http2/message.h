// Header blocks of HTTP/2 and the messages that they mean: the same values that HTTP/1 yields, so that one
// policy judges both. RFC 9113 section 8, narrowed: what a server behind us could read differently, or what
// would not survive a way through HTTP/1, is an error of the stream. Pure.
#pragma once

#include <vector>

#include "proxy/http/request.h"
#include "proxy/http/response.h"

namespace nemoclaw::http2 {

// In the order of the wire: pseudo fields first, all names in lower case.
using Block = std::vector<http::Field>;

// `ends`: no body follows. A body without a length is http::BodyKind::Chunked, as in HTTP/1. The request has
// no Host among its fields: :authority says the same, or the block is refused.
Result<http::Request> read_request(Block block, bool ends);
// Of an interim answer, too. Without Alt-Svc: it would send the client to a protocol that nobody inspects.
Result<http::Response> read_response(Block block);
// Without the fields that frame, route or authorise a message: nothing may be added to a head that was
// judged.
Result<Block> read_trailers(Block block);

// As they go on: fields of this hop left out, names in lower case.
Block write_request(const http::Request& request, uint16_t default_port);
Block write_response(const http::Response& response);

// A call of gRPC: its client reads grpc-status, and no body of ours.
bool is_grpc(const http::Request& request);

}  // namespace nemoclaw::http2
