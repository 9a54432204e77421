// The proof that the fence holds: an ordinary process in the namespace tries to get out.
#pragma once

#include "runtime/base/result.h"

namespace nemoclaw::hooks {

// Forks a process that gives up root and then tries, without the mark: to set the mark, to send UDP and to
// open TCP connections to documentation addresses (RFC 5737, RFC 3849) and to Docker's resolver. Fine only if
// every attempt is refused, and the one that needs no route at all is refused by the fence itself. To be
// called before the proxy listens: a captured connection must be refused.
Result<void> probe_fence();

}  // namespace nemoclaw::hooks
