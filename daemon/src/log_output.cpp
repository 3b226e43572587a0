// SPDX-License-Identifier: Apache-2.0
#include "log_output.hpp"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <span>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::daemon {
namespace {
/// A turn takes microseconds unless who has it was put aside, which is nothing to wait for.
bool take_turn(std::unique_lock<std::mutex>& turn) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    if (turn.try_lock()) return true;
    (void)::sched_yield();
  }
  return false;
}

/// @param line  the one that comes after it: it lends its time. @returns the number of bytes.
std::size_t write_lost(std::uint64_t lost, std::string_view line, std::span<char> out) {
  constexpr std::size_t kTimeBytesMax = 40;
  const auto time = line.substr(0, std::min(line.find(' '), kTimeBytesMax));
  return static_cast<std::size_t>(
      std::snprintf(out.data(), out.size(), "%.*s level=warning event=log_lost lines=%llu\n",
                    static_cast<int>(time.size()), time.data(), static_cast<unsigned long long>(lost)));
}
}  // namespace

void LogOutput::open() {
  close();
  struct stat info {};
  if (::fstat(STDERR_FILENO, &info) != 0) return;
  if (S_ISSOCK(info.st_mode)) way_ = Way::socket;
  if (!S_ISFIFO(info.st_mode) && ::isatty(STDERR_FILENO) == 0) return;
  // Opened anew: whether stderr itself waits is shared with the shell and all its other programs.
  const int own = ::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  way_ = own < 0 ? Way::if_ready : Way::own;  // another user's terminal, no /proc, a pipe that nobody reads
  if (own >= 0) file_ = own;
}

void LogOutput::close() {
  if (file_ != STDERR_FILENO) (void)::close(file_);
  file_ = STDERR_FILENO;
  way_ = Way::plain;
  rest_from_ = rest_end_ = 0;
}

/// @returns how many bytes of it were written.
std::size_t LogOutput::put_(std::string_view text) const {
  if (way_ == Way::if_ready) {
    pollfd out{file_, POLLOUT, 0};
    if (::poll(&out, 1, 0) != 1 || (out.revents & POLLOUT) == 0) return 0;
  }
  const auto done = way_ == Way::socket ? ::send(file_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                        : ::write(file_, text.data(), text.size());
  return done < 0 ? 0 : static_cast<std::size_t>(done);  // when stderr fails nobody is left to tell
}

bool LogOutput::finish_rest_() {
  if (rest_from_ < rest_end_) rest_from_ += put_({&rest_.at(rest_from_), rest_end_ - rest_from_});
  return rest_from_ == rest_end_;
}

void LogOutput::write(std::string_view line) {
  TOCSIN_CHECK(line.size() <= kLineBytesMax);
  std::unique_lock turn{writing_, std::defer_lock};
  if (!take_turn(turn) || !finish_rest_()) {
    ++lost_;
    return;
  }
  Buffer text{};
  std::size_t size = 0;
  const auto lost = lost_.load();
  if (lost > 0) size = write_lost(lost, line, std::span{text}.first<kLostBytesMax>());
  size = static_cast<std::size_t>(std::copy(line.begin(), line.end(), text.data() + size) - text.data());
  const auto done = put_({text.data(), size});
  if (done == 0) {
    ++lost_;
    return;
  }
  lost_ -= lost;
  std::copy(text.data() + done, text.data() + size, rest_.begin());
  rest_from_ = 0;
  rest_end_ = size - done;
}
}  // namespace tocsin::daemon
