// SPDX-License-Identifier: Apache-2.0
/// What: after enter() the process cannot start programs, look into others or open other sockets, and still can do what
/// the daemon does; nothing of it is left in a core file.
/// How: each try runs in a child of its own, whose end is looked at.
#include "sandbox.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <sched.h>
#include <seccomp.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <zmq.h>

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;

namespace {
constexpr int kNotSupported = 77;

/// Runs `what` in a child with the filter on. @returns its exit status, or 128 + the signal that ended it.
int in_sandbox(
    const std::function<int()>& what, const std::function<void()>& before = [] {}) {
  const pid_t child = ::fork();
  if (child == 0) {
    before();
    sandbox::no_core_dumps();
    if (!sandbox::enter().empty()) ::_exit(kNotSupported);
    ::_exit(what());
  }
  int status = 0;
  (void)::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// A kernel or an emulator without filters: nothing can be shown there, and the output says so.
bool supported() {
  static const bool yes = in_sandbox([] { return 0; }) != kNotSupported;
  if (!yes) (void)std::puts("SKIPPED: this kernel (or emulator) takes no filter of system calls");
  return yes;
}

int reached() { return 0; }
}  // namespace

TEST_GROUP(Sandbox) { test::TempFolder folder; };

TEST(Sandbox, ends_a_process_that_does_what_the_daemon_never_does) {
  if (!supported()) return;
  struct Row {
    const char* why;
    std::function<int()> what;
  };
  const Row rows[] = {
      {"another program",
       [] {
         char* const arguments[] = {nullptr};
         (void)::execve("/bin/true", arguments, arguments);
         return reached();
       }},
      {"another process", [] { return ::fork() >= 0 ? reached() : 1; }},
      {"looking into another process",
       [] {
         (void)::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
         return reached();
       }},
      {"packets", [] { return ::socket(AF_PACKET, SOCK_RAW, 0) >= -1 ? reached() : 1; }},
      {"IPv6", [] { return ::socket(AF_INET6, SOCK_STREAM, 0) >= -1 ? reached() : 1; }},
      {"another user", [] { return ::setuid(1) >= -1 ? reached() : 1; }},
      {"mounts", [] { return ::syscall(SYS_mount, "", "", "", 0, nullptr) >= -1 ? reached() : 1; }},
      {"another root", [] { return ::chroot("/") >= -1 ? reached() : 1; }},
      {"signals to others", [] { return ::kill(::getppid(), 0) >= -1 ? reached() : 1; }},
      {"a new name space", [] { return ::unshare(CLONE_NEWNS) >= -1 ? reached() : 1; }},
      {"a program in the kernel", [] { return ::syscall(SYS_bpf, 0, nullptr, 0) >= -1 ? reached() : 1; }},
      {"memory of others",
       [] { return ::syscall(SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0) >= -1 ? reached() : 1; }},
  };
  for (const auto& row : rows) LONGS_EQUAL_TEXT(128 + SIGSYS, in_sandbox(row.what), row.why);
}

TEST(Sandbox, lets_the_clock_be_asked_whether_it_is_synchronised) {
  if (!supported()) return;
  LONGS_EQUAL(7, in_sandbox([] {
                const SystemClock clock;
                (void)clock.synchronised();
                return clock.wall_ms() > 0 && clock.boot_ns() > 0 ? 7 : 1;
              }));
}

TEST(Sandbox, holds_for_threads_that_were_there_before) {
  if (!supported()) return;
  const int status = in_sandbox([] { return 0; });
  LONGS_EQUAL(0, status);
  const pid_t child = ::fork();
  if (child == 0) {
    int go[2];
    if (::pipe(go) != 0) ::_exit(1);
    std::thread early{[&] {
      char byte = 0;
      (void)!::read(go[0], &byte, 1);
      (void)::fork();
      ::_exit(1);
    }};
    if (!sandbox::enter().empty()) ::_exit(kNotSupported);
    (void)!::write(go[1], "x", 1);
    early.join();
    ::_exit(1);
  }
  int end = 0;
  (void)::waitpid(child, &end, 0);
  CHECK_TRUE(WIFSIGNALED(end));
  LONGS_EQUAL(SIGSYS, WTERMSIG(end));
}

TEST(Sandbox, leaves_what_the_daemon_needs) {
  if (!supported()) return;
  const auto file = folder.file("x");
  const auto socket = folder.endpoint("s.sock");
  void* context = nullptr;
  void* pull = nullptr;
  char tcp[64]{};
  const auto start_zmq = [&] {  // the first socket starts libzmq's threads
    context = zmq_ctx_new();
    pull = zmq_socket(context, ZMQ_PULL);
    std::size_t size = sizeof tcp;
    (void)zmq_bind(pull, "tcp://127.0.0.1:*");  // looks for the names of interfaces
    (void)zmq_getsockopt(pull, ZMQ_LAST_ENDPOINT, tcp, &size);
  };
  const auto use_it = [&]() -> int {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ::pwrite(fd, "x", 1, 4096) != 1 || ::fdatasync(fd) != 0 || ::ftruncate(fd, 1) != 0) return 1;
    (void)::close(fd);
    if (::rename(file.c_str(), (file + "2").c_str()) != 0 || ::unlink((file + "2").c_str()) != 0) return 2;
    bool ran = false;
    std::thread thread{[&ran] { ran = true; }};
    thread.join();
    if (!ran) return 3;
    void* const push = zmq_socket(context, ZMQ_PUSH);
    if (zmq_bind(pull, socket.c_str()) != 0) return 4;
    for (const char* const endpoint : {socket.c_str(), static_cast<const char*>(tcp)}) {
      char byte = 0;
      if (zmq_connect(push, endpoint) != 0 || zmq_send(push, "x", 1, 0) != 1 || zmq_recv(pull, &byte, 1, 0) != 1) {
        return 5;
      }
      (void)zmq_disconnect(push, endpoint);
    }
    (void)zmq_close(push);
    (void)zmq_close(pull);
    (void)zmq_ctx_term(context);
    return 42;
  };
  LONGS_EQUAL(42, in_sandbox(use_it, start_zmq));
}

TEST(Sandbox, tcp_can_be_bound_where_the_service_manager_forbids_netlink) {
  if (!supported()) return;
  const pid_t child = ::fork();
  if (child == 0) {
    // What RestrictAddressFamilies=AF_UNIX AF_INET does.
    void* const filter = seccomp_init(SCMP_ACT_ALLOW);
    const scmp_arg_cmp netlink{0, SCMP_CMP_EQ, AF_NETLINK, 0};
    (void)seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, &netlink);
    (void)seccomp_load(filter);
    seccomp_release(filter);
    sandbox::refuse_netlink();
    void* const context = zmq_ctx_new();
    void* const socket = zmq_socket(context, ZMQ_PULL);
    const bool before = zmq_bind(socket, "tcp://127.0.0.1:*") == 0;
    const bool entered = sandbox::enter().empty();
    ::_exit(before && entered && zmq_bind(socket, "tcp://127.0.0.1:*") == 0 ? 42 : 1);
  }
  int status = 0;
  (void)::waitpid(child, &status, 0);
  LONGS_EQUAL(42, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

TEST(Sandbox, leaves_no_core_file) {
  const pid_t child = ::fork();
  if (child == 0) {
    sandbox::no_core_dumps();
    rlimit limit{1, 1};
    (void)::getrlimit(RLIMIT_CORE, &limit);
    const bool closed = ::prctl(PR_GET_DUMPABLE) == 0 || !supported();  // sanitizers must look into it
    ::_exit(closed && limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : 1);
  }
  int status = 0;
  (void)::waitpid(child, &status, 0);
  LONGS_EQUAL(0, status);
}
