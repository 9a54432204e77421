// Bodies of the protocols whose rules ask what is in them, turned into the engine's questions. Pure.
#pragma once

#include <string>
#include <string_view>

#include "policy/engine/request.h"
#include "proxy/http/request.h"

namespace nemoclaw::enforce {

// Of the content type: "application/json", without parameters, in lower case; empty: there is none.
std::string media_type(const http::Request& request);

bool reads_rpc(policy::Protocol protocol);
bool is_judged_by_body(policy::Protocol protocol);

// What cannot be read gives `error`, which the engine refuses.
policy::GraphQlRequest read_graphql(const http::Request& request, const policy::CanonicalTarget& target,
                                    std::string_view body);
policy::RpcRequest read_rpc(const http::Request& request, std::string_view body);

}  // namespace nemoclaw::enforce
