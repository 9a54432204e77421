// The proxy's own answers: a denial that tells an agent what happened, not to retry around it, and how the
// operator can allow it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nemoclaw::http {

struct Request;

struct Denial {
  int status = 403;
  std::string code;      // "policy_denied", ...
  std::string decision;  // id; also in the audit and in X-NemoClaw-Decision
  std::string detail;    // one sentence
  std::string layer, entry, binary;
  std::string host;
  uint16_t port = 0;
  std::string method, path;
};

// 403 for a denial, 421, 429, 502 ... for the codes that have a status of their own.
int status_for_code(const std::string& code);

// The denial as JSON, with a line end: the body of every answer that can have one.
std::string denial_body(const Denial& denial);
// What the client may do now, in sentences.
std::vector<std::string> next_steps(const Denial& denial);

// Complete response, with Connection: close unless `keep_alive`.
std::string render_denial(const Denial& denial, bool head_only = false, bool keep_alive = false);
// In the form that the request's client reads: gRPC-Web has status 200 and trailers in its body.
std::string render_denial(const Denial& denial, const Request& request, bool keep_alive);

}  // namespace nemoclaw::http
