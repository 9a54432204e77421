// What a client of gRPC reads instead of a denial's body. Pure.
#pragma once

#include <string>
#include <vector>

#include "proxy/http/answer.h"
#include "proxy/http/request.h"

namespace nemoclaw::http {

// By the request's content type. gRPC-Web has its status at the end of the body, which in the text form is
// base64.
enum class GrpcForm : uint8_t { None, Grpc, Web, WebText };
GrpcForm grpc_form(const Request& request);

// grpc-status, grpc-message and the decision, in lower case: fields of a head or a trailer.
std::vector<Field> grpc_status(const Denial& denial);

// The body of an answer in gRPC-Web that says nothing but the status: one frame of trailers.
std::string grpc_web_body(const Denial& denial, GrpcForm form);
// The content type that belongs to it.
const char* grpc_web_type(GrpcForm form);

}  // namespace nemoclaw::http
