// Who is calling, as the policy and the audit want to know it: identity plus content hashes plus trust.
#pragma once

#include "proxy/audit/event.h"
#include "proxy/enforce/context.h"
#include "proxy/net/async.h"

namespace nemoclaw::enforce {

struct IdentifiedCaller {
  std::shared_ptr<Container> container;  // never null; the first one if the caller is not known
  policy::Caller caller;                 // identity_error and identity_code set if it must be denied
  audit::Actor actor;                    // what is known, even then
};

// Hashes in steps between which other connections go on.
net::Task<IdentifiedCaller> identify_caller(Context& context, peer::SocketTuple tuple);

// Of several tuples that the client's socket may have, the first that belongs to a process.
net::Task<IdentifiedCaller> identify_any(Context& context, std::vector<peer::SocketTuple> tuples);

// The tuple as the client's socket sees it: its own end first.
peer::SocketTuple client_tuple(const net::tcp::endpoint& client, const net::tcp::endpoint& destination);

}  // namespace nemoclaw::enforce
