// The container's terminal: a pty of its own devpts instance, whose master goes to whoever asked for it.
#pragma once

#include <optional>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::init {

// In the container's root. Opens a pty, sends the master over `console_socket` (runc's protocol: the slave's
// path as data, the descriptor by SCM_RIGHTS), makes the slave the controlling terminal and the standard
// streams, and with `bind_console` mounts it on /dev/console. Every object is reached from the master's
// descriptor, never again by a path that the image could have prepared (CVE-2025-52565).
//
// ONLCR is left as the kernel sets it: with Docker and containerd the far end is a terminal in raw mode that
// needs the carriage returns. Who relays a terminal itself (a foreground run) clears it on the master that it
// receives.
Result<void> make_terminal(FdRef console_socket, const std::optional<oci::Box>& size, bool bind_console);

}  // namespace nemoclaw::init
