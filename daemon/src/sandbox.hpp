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

/// Keeps what the process touches in memory, so that nothing of it is written to swap or waited for. Pages that were
/// never touched stay free. What is mapped later is kept too where the limit on locked memory is unlimited.
/// @returns why not, with the mend, or empty.
[[nodiscard]] std::string lock_memory();

/// The nice values of the journal's thread and the engine's: who takes goes before who gives, so that a load flows.
inline constexpr int kJournalNice = -10;
inline constexpr int kEngineNice = -5;
/// Lets the calling thread go before the ordinary work of its scheduling group where the system allows it (LimitNICE in
/// the unit): of the daemon's other threads at least, and of what shares its session or control group.
/// @returns the thread's nice value from here on.
int go_before_group(int nice);

/// The priorities under SCHED_RR of the threads that must not wait for others: the engine's, and libzmq's, which brings
/// it reports and need not be done with that before they are decided.
inline constexpr int kRealtimePriority = 10;
inline constexpr int kRealtimeIoPriority = 9;
/// Lets the calling thread go before all ordinary work of the machine (SCHED_RR). Threads made by it do not.
/// @returns why not, with the mend, or empty.
[[nodiscard]] std::string go_realtime();
}  // namespace tocsin::daemon::sandbox
