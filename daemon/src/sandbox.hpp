// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What the process gives up once it has started: core files, other programs, most of the kernel.
#include <string>

namespace tocsin::daemon::sandbox {
/// No core files and no debugger of the same user: what is in memory stays there. Call first thing in main.
void no_core_dumps();

/// Makes libzmq's look for the names of network interfaces fail in the way it expects: where the service manager
/// forbids that kind of socket (RestrictAddressFamilies), libzmq ends the process when it binds a tcp:// endpoint. Call
/// before any thread is made.
void refuse_netlink();

/// Gives up every system call that the daemon does not need while it runs, on all its threads, for good. Another call
/// (execve, ptrace, fork, sockets other than local and IPv4) ends the process. Call when all threads and sockets exist;
/// threads, files and local or IPv4 connections can still be made.
/// @returns why it does not work on this kernel, or empty. The daemon then runs without, and says so.
[[nodiscard]] std::string enter();

/// Locks in memory what is mapped now, so that nothing of it is written to swap. For a real-time daemon.
/// @returns why not, with the mend, or empty.
[[nodiscard]] std::string lock_memory();
}  // namespace tocsin::daemon::sandbox
