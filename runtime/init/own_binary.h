// The host's runtime binary must not be writable from a container (CVE-2019-5736). Three layers:
//
// 1. protect_own_binary(), at the start of every verb that clones into a container: the program goes on from
// a detached
//    read-only bind mount of itself. Whoever reaches it later through /proc/<pid>/exe - an entry point that
//    is a link to /proc/self/exe, a script whose interpreter is that link, a swapped file while exec is under
//    way - has a file on a read-only mount that no path leads to, and that nobody in a container can remount.
//    This holds without any race, because it does not depend on what the image contains.
// 2. The process between clone and execve is not dumpable: container processes without CAP_SYS_PTRACE over
// the host
//    cannot open its /proc/<pid>/exe (or fd, mem, root) at all, and execve replaces its executable.
// 3. args[0] that resolves to the runtime's own file is refused with a clear message (program.h).
#pragma once

#include "runtime/base/result.h"

namespace nemoclaw::init {

// runtime/entry.cc has done it already in the static build, before the C library started; this is where it is
// checked, and made up for where that way was not open.
//
// Call before anything is opened or locked, single-threaded. Returns when the running executable is already
// on a read-only mount (or in a sealed memory file), else executes the program again from there, with the
// same arguments and environment, and does not return. One extra process start, and none at all where the
// runtime is installed on a read-only file system. An error leaves the process as it was.
//
// Afterwards /proc/self/exe has no path any more: sys::program_path() still knows where the program was
// installed.
Result<void> protect_own_binary();

// True when the running executable cannot be opened for writing through /proc/<pid>/exe by anybody.
bool own_binary_is_protected();

// Layer 2; lasts until execve.
Result<void> hide_process();

}  // namespace nemoclaw::init
