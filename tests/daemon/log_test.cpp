// SPDX-License-Identifier: Apache-2.0
/// What: a log line is one line whatever is put into it; times read as people write them.
/// How: stderr goes to a file for one line, or to a pipe, terminal or socket that nobody empties.
#include "tocsin/daemon/log.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;

TEST_GROUP(LogLine){};

TEST(LogLine, is_one_line_of_keys_and_values) {
  const auto line = logged([] { LogLine(Severity::warning, "refused").field("count", 3).field("principal", "desk"); });
  STRCMP_CONTAINS(" level=warning event=refused count=3 principal=desk|", line.c_str());
  STRCMP_EQUAL("ts=", line.substr(0, 3).c_str());
}

TEST(LogLine, quotes_and_escapes_what_would_break_the_line) {
  const auto line =
      logged([] { LogLine(Severity::info, "x").field("a", "two words").field("b", "q\"\n\x1b[31m").field("c", ""); });
  STRCMP_CONTAINS(R"( a="two words" b="q\"\x0a\x1b[31m" c=""|)", line.c_str());
}

namespace {
/// Stderr's other end: read only when a test says so.
class Reader {
 public:
  /// @param ends  what to read from, and what stderr is to be meanwhile.
  explicit Reader(std::array<int, 2> ends) : ends_{ends}, saved_{::dup(STDERR_FILENO)} {
    (void)::alarm(30);  // the fault that is looked for stands still for ever
    (void)::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    (void)::dup2(ends_[1], STDERR_FILENO);
    open_log();
  }
  ~Reader() {
    (void)::alarm(0);
    (void)::dup2(saved_, STDERR_FILENO);
    close_log();
    for (const int fd : {saved_, ends_[0], ends_[1]}) (void)::close(fd);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// All that is there, without the returns that a terminal puts before each line's end; waits for something a little.
  [[nodiscard]] std::string read_all() const {
    pollfd in{ends_[0], POLLIN, 0};
    (void)::poll(&in, 1, 10);
    std::string all;
    std::array<char, 4096> some{};
    for (;;) {
      const auto size = ::read(ends_[0], some.data(), some.size());
      if (size <= 0) break;
      all.append(some.data(), static_cast<std::size_t>(size));
    }
    std::erase(all, '\r');
    return all;
  }
  /// Whether a write to stderr by anybody else still waits for room.
  [[nodiscard]] bool stderr_waits() const { return (::fcntl(ends_[1], F_GETFL) & O_NONBLOCK) == 0; }

 private:
  std::array<int, 2> ends_;
  int saved_;
};

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  CHECK_EQUAL(0, ::pipe2(ends.data(), O_CLOEXEC));
  CHECK_TRUE(::fcntl(ends[1], F_SETPIPE_SZ, 8192) > 0);
  return ends;
}

std::array<int, 2> make_socket() {
  std::array<int, 2> ends{};
  CHECK_EQUAL(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()));
  const int bytes = 8192;
  CHECK_EQUAL(0, ::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes));
  return ends;
}

std::array<int, 2> make_terminal() {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  CHECK_TRUE(master >= 0);
  CHECK_EQUAL(0, ::grantpt(master));
  CHECK_EQUAL(0, ::unlockpt(master));
  const int slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  CHECK_TRUE(slave >= 0);
  return {master, slave};
}

std::size_t count(const std::string& told, const std::string& what) {
  std::size_t times = 0;
  for (auto at = told.find(what); at != std::string::npos; at = told.find(what, at + 1)) ++times;
  return times;
}

/// The sum of all that were told as lost.
std::size_t count_lost(const std::string& told) {
  constexpr std::string_view kLost = " level=warning event=log_lost lines=";
  std::size_t lost = 0;
  for (auto at = told.find(kLost); at != std::string::npos; at = told.find(kLost, at + 1)) {
    lost += std::strtoul(told.c_str() + at + kLost.size(), nullptr, 10);
  }
  return lost;
}

/// A terminal takes what it has room for, so a line can come in two halves; a test of whole lines has all of them. It
/// hands on what it took, and makes room, when the kernel comes to it.
void tell_more_than_there_is_room_for(const Reader& reader) {
  constexpr std::size_t kLines = 300;
  const std::string wide(200, 'w');
  for (std::size_t i = 0; i < kLines; ++i) LogLine(Severity::info, "line").field("wide", wide);
  std::string told;
  std::size_t after = 0;
  std::size_t accounted = 0;  // all of them, when the last of `after` is there: what is lost is told by a later line
  for (int i = 0; i < 1000 && accounted != kLines + after; ++i) {
    told += reader.read_all();
    LogLine(Severity::info, "after");
    ++after;
    told += reader.read_all();
    accounted = count(told, " event=line wide=" + wide + "\n") + count(told, " event=after\n") + count_lost(told);
  }
  UNSIGNED_LONGS_EQUAL(kLines + after, accounted);
  CHECK_TRUE(reader.stderr_waits());

  for (std::size_t at = 0; at < told.size(); at = told.find('\n', at) + 1) {
    STRCMP_EQUAL("ts=", told.substr(at, 3).c_str());
  }
  CHECK_EQUAL('\n', told.back());
  const auto whole = count(told, " event=line wide=" + wide + "\n");
  CHECK_TRUE(whole > 0 && whole < kLines);
}

/// Until a thread of this process waits for something; it must have nothing else to wait for.
void wait_until_stands(pid_t thread) {
  const auto stat = "/proc/self/task/" + std::to_string(thread) + "/stat";
  for (std::string line; line.find(") S ") == std::string::npos;) {
    std::ifstream stream{stat};
    std::getline(stream, line);
    std::this_thread::yield();
  }
}
}  // namespace

TEST(LogLine, does_not_wait_for_a_pipe_that_nobody_reads) { tell_more_than_there_is_room_for(Reader{make_pipe()}); }

TEST(LogLine, does_not_wait_for_a_socket_that_nobody_reads) { tell_more_than_there_is_room_for(Reader{make_socket()}); }

// It says that it can be written to when it has room for a part of a line.
TEST(LogLine, does_not_wait_for_a_terminal_that_nobody_reads) {
  tell_more_than_there_is_room_for(Reader{make_terminal()});
}

TEST(LogLine, does_not_wait_for_another_thread_that_stands_in_a_write) {
  const Reader reader{make_pipe()};
  close_log();  // plain writes wait for room
  std::atomic<pid_t> filled{0};
  std::thread stuck{[&filled] {
    const std::string wide(1900, 'w');
    for (int i = 0; i < 4; ++i) LogLine(Severity::info, "fits").field("wide", wide);
    filled = ::gettid();
    LogLine(Severity::info, "stuck").field("wide", wide);
  }};
  while (filled == 0) std::this_thread::yield();
  wait_until_stands(filled);
  LogLine(Severity::info, "other");
  std::string told;
  while (told.find(" event=stuck") == std::string::npos) told += reader.read_all();
  stuck.join();
  LogLine(Severity::info, "after");
  told += reader.read_all();
  CHECK_TRUE(told.find(" event=other") == std::string::npos);
  STRCMP_CONTAINS(" event=log_lost lines=1\n", told.c_str());
}

TEST(LogLine, writes_times_in_utc_to_the_end_of_the_calendar) {
  STRCMP_EQUAL("2024-05-01T00:00:00.000Z", format_time(kMay).c_str());
  STRCMP_EQUAL("9999-12-31T23:59:59.999Z", format_time(tocsin::engine::kInstantMax).c_str());
  STRCMP_EQUAL("-", format_time(tocsin::engine::kNever).c_str());
}

TEST(LogLine, makes_a_sample_of_outside_bytes_printable_and_short) {
  STRCMP_EQUAL("ab??c", printable("ab\n\xff"
                                  "cdef",
                                  5)
                            .c_str());
}
