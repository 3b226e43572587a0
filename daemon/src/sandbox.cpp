// SPDX-License-Identifier: Apache-2.0
#include "sandbox.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TOCSIN_INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define TOCSIN_INSTRUMENTED 1
#endif
#endif

namespace tocsin::daemon::sandbox {
namespace {
// Sanitizers stop the process and look into it at its end, which is what the sandbox is to prevent.
#ifdef TOCSIN_INSTRUMENTED
constexpr bool kInstrumented = true;
#else
constexpr bool kInstrumented = false;
#endif

// What libzmq, SQLite, the C library and we call while running, on amd64, arm64 and armhf. Names that a processor does
// not have are passed over.
constexpr auto kAllowed = std::to_array<const char*>({
    // sockets
    "accept",
    "accept4",
    "bind",
    "connect",
    "getpeername",
    "getsockname",
    "getsockopt",
    "listen",
    "recv",
    "recvfrom",
    "recvmsg",
    "send",
    "sendmsg",
    "sendto",
    "setsockopt",
    "shutdown",
    // waiting
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_wait",
    "eventfd2",
    "poll",
    "ppoll",
    "ppoll_time64",
    "pselect6",
    "select",
    "signalfd4",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_settime",
    "timerfd_gettime64",
    "timerfd_settime64",
    // files
    "access",
    "close",
    "dup",
    "faccessat",
    "faccessat2",
    "fchmod",
    "fchmodat",
    "fchown",
    "fchown32",
    "fcntl",
    "fcntl64",
    "fdatasync",
    "fstat",
    "fstat64",
    "fstatat64",
    "fstatfs",
    "fstatfs64",
    "fsync",
    "ftruncate",
    "ftruncate64",
    "getcwd",
    "getdents",
    "getdents64",
    "lseek",
    "_llseek",
    "lstat",
    "lstat64",
    "mkdir",
    "mkdirat",
    "newfstatat",
    "open",
    "openat",
    "pread64",
    "preadv",
    "pwrite64",
    "pwritev",
    "read",
    "readlink",
    "readlinkat",
    "readv",
    "rename",
    "renameat",
    "renameat2",
    "stat",
    "stat64",
    "statfs",
    "statfs64",
    "statx",
    "umask",
    "unlink",
    "unlinkat",
    "write",
    "writev",
    // whether the machine's clock is synchronised; setting it takes a capability that nobody here has
    "adjtimex",
    "clock_adjtime",
    "clock_adjtime64",
    // memory
    "brk",
    "madvise",
    "mlock",
    "mlock2",
    "mmap",
    "mmap2",
    "mprotect",
    "mremap",
    "munlock",
    "munmap",
    // threads and signals
    "futex",
    "futex_time64",
    "get_robust_list",
    "gettid",
    "membarrier",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_setscheduler",
    "sched_yield",
    "set_robust_list",
    "sigaltstack",
    "sigreturn",
    "tgkill",
    "exit",
    "exit_group",
    // clocks, and who we are
    "alarm",  // called off as soon as the filter is there
    "setitimer",
    "adjtimex",
    "clock_adjtime",
    "clock_adjtime64",
    "clock_getres",
    "clock_getres_time64",
    "clock_gettime",
    "clock_gettime64",
    "clock_nanosleep",
    "clock_nanosleep_time64",
    "gettimeofday",
    "nanosleep",
    "time",
    "times",
    "getegid",
    "getegid32",
    "geteuid",
    "geteuid32",
    "getgid",
    "getgid32",
    "getpid",
    "getppid",
    "getrandom",
    "getrlimit",
    "getrusage",
    "getuid",
    "getuid32",
    "prctl",
    "sysinfo",
    "ugetrlimit",
    "uname",
    // armhf's own
    "cacheflush",
    "set_tls",
});

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

int allow_names(void* filter) {
  for (const char* const name : kAllowed) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) continue;
    const int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    if (result != 0 && result != -EDOM) return result;  // EDOM: this processor has no such call
  }
  return 0;
}

/// A rule for one call when its first argument, of which only the bits of `mask` are looked at, is `value`.
int add_rule(void* filter, std::uint32_t action, int call, std::uint64_t mask, std::uint64_t value) {
  const scmp_arg_cmp condition{0, SCMP_CMP_MASKED_EQ, mask, value};
  return seccomp_rule_add_array(filter, action, call, 1, &condition);
}

int add_family(void* filter, std::uint32_t action, int call, int family) {
  return add_rule(filter, action, call, UINT32_MAX, static_cast<std::uint64_t>(family));
}

/// Of filters that say no, the newest one's error counts; this is one that libzmq can live with.
int deny_netlink(void* filter) { return add_family(filter, SCMP_ACT_ERRNO(EOPNOTSUPP), SCMP_SYS(socket), AF_NETLINK); }

/// libseccomp can turn in a circle for ever when an allocation fails while it makes the program of a filter (2.5.4).
/// Then SIGALRM ends the process, as any other start without memory does, and the service manager starts it anew.
int load(scmp_filter_ctx filter) {
  constexpr unsigned kSecondsMax = 5;
  (void)::alarm(kSecondsMax);
  const int result = seccomp_load(filter);
  (void)::alarm(0);
  return result;
}

/// Calls that are fine with some arguments only.
int allow_with_arguments(void* filter) {
  int result = 0;
  for (const int family : {AF_UNIX, AF_INET}) result |= add_family(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), family);
  result |= deny_netlink(filter);
  result |= add_family(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), AF_UNIX);
  // Threads, not processes. The flags of clone3 lie in memory, where a filter does not see them: the C library then
  // takes clone.
  result |= add_rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), CLONE_THREAD, CLONE_THREAD);
  result |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  // A terminal's settings are asked for before a line is written to it; nothing else of a device is needed.
  result |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 0);
  return result;
}
}  // namespace

void no_core_dumps() {
  if (!kInstrumented) (void)prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
}

void refuse_netlink() {
  const Filter filter{seccomp_init(SCMP_ACT_ALLOW)};
  // Where no filter can be set, none of the service manager's is there either.
  if (filter != nullptr && deny_netlink(filter.get()) == 0) (void)load(filter.get());
}

std::string enter() {
  if (kInstrumented) return "this program is built with a sanitizer, which needs what the filter forbids";
  const Filter filter{seccomp_init(SCMP_ACT_KILL_PROCESS)};
  if (filter == nullptr) return "no filter for system calls can be made";
  int result = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);  // threads that are there already, too
  if (result == 0) result = allow_names(filter.get());
  if (result == 0) result = allow_with_arguments(filter.get());
  if (result == 0) result = load(filter.get());
  if (result == 0) return {};
  return std::string{"the filter of system calls cannot be set: "} + std::strerror(-result);
}

std::string lock_memory() {
  // ONFAULT: else the untouched stacks of all threads and the engine's spare room would be taken as well.
  if (mlockall(MCL_CURRENT | MCL_ONFAULT) != 0) {
    return std::string{"memory cannot be locked: "} + std::strerror(errno) +
           "; raise the limit of locked memory (LimitMEMLOCK=infinity in the unit)";
  }
  rlimit limit{};
  // Under a limit what is mapped later could not be had at all.
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY) {
    (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
  }
  return {};
}

int go_before_group(int nice) {
  // Linux has a nice value for each thread.
  const int present = getpriority(PRIO_PROCESS, 0);
  if (present <= nice) return present;
  return setpriority(PRIO_PROCESS, 0, nice) == 0 ? nice : present;
}

std::string go_realtime() {
  sched_param parameters{};
  parameters.sched_priority = kRealtimePriority;
  // Of this thread only: libzmq's are given theirs by name, and the journal's can be long (moving the WAL).
  if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) == 0) return {};
  return std::string{"the system does not allow SCHED_RR: "} + std::strerror(errno) +
         "; allow it (LimitRTPRIO=10 and RestrictRealtime=no in the unit: tocsind-realtime.conf)";
}
}  // namespace tocsin::daemon::sandbox
