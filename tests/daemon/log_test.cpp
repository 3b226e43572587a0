// SPDX-License-Identifier: Apache-2.0
/// What: a log line is one line whatever is put into it; times read as people write them.
/// How: stderr goes to a file for one line, or to a pipe that nobody empties.
#include "tocsin/daemon/log.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <unistd.h>

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;

TEST_GROUP(LogLine) {
  TempFolder folder;

  template <class Write>
  std::string written(Write && write) {
    const auto file = folder.file("stderr");
    const int saved = ::dup(STDERR_FILENO);
    const int fd = ::open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    (void)::dup2(fd, STDERR_FILENO);
    write();
    (void)::dup2(saved, STDERR_FILENO);
    (void)::close(fd);
    (void)::close(saved);
    std::ifstream stream{file};
    std::string line;
    std::string all;
    while (std::getline(stream, line)) all += line + "|";
    return all;
  }
};

TEST(LogLine, is_one_line_of_keys_and_values) {
  const auto line = written([] { LogLine(Severity::warning, "refused").field("count", 3).field("principal", "desk"); });
  STRCMP_CONTAINS(" level=warning event=refused count=3 principal=desk|", line.c_str());
  STRCMP_EQUAL("ts=", line.substr(0, 3).c_str());
}

TEST(LogLine, quotes_and_escapes_what_would_break_the_line) {
  const auto line =
      written([] { LogLine(Severity::info, "x").field("a", "two words").field("b", "q\"\n\x1b[31m").field("c", ""); });
  STRCMP_CONTAINS(R"( a="two words" b="q\"\x0a\x1b[31m" c=""|)", line.c_str());
}

TEST(LogLine, does_not_wait_for_a_reader_that_stands_still) {
  std::array<int, 2> ends{};
  CHECK_EQUAL(0, ::pipe2(ends.data(), O_CLOEXEC));
  const int pipe_bytes = ::fcntl(ends[1], F_SETPIPE_SZ, 8192);
  const int saved = ::dup(STDERR_FILENO);
  (void)::dup2(ends[1], STDERR_FILENO);
  const auto read_all = [&] {
    std::string text(static_cast<std::size_t>(pipe_bytes), '\0');
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], text.data(), text.size()))));
    return text;
  };
  constexpr int kLines = 100;  // of 100 bytes and more each
  const std::string wide(100, 'w');
  for (int i = 0; i < kLines; ++i) LogLine(Severity::info, "line").field("wide", wide);
  const auto first = read_all();
  LogLine(Severity::info, "after");
  const auto second = read_all();
  (void)::dup2(saved, STDERR_FILENO);
  for (const int fd : {saved, ends[0], ends[1]}) (void)::close(fd);

  const auto whole = std::count(first.begin(), first.end(), '\n');
  CHECK_TRUE(whole > 0 && whole < kLines);
  CHECK_EQUAL('\n', first.back());
  STRCMP_CONTAINS((" level=warning event=log_lost lines=" + std::to_string(kLines - whole) + "\nts=").c_str(),
                  second.c_str());
  STRCMP_CONTAINS(" event=after\n", second.c_str());
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
