// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Where log lines go: stderr, without waiting for whoever reads it.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unistd.h>

namespace tocsin::daemon {
/// Stderr, whatever it is. Until open() its lines are plain writes, which may wait. No heap. write() from any thread,
/// the others before there are threads.
class LogOutput {
 public:
  static constexpr std::size_t kLineBytesMax = 2048;

  /// From now on no line waits. Needs /proc, so it comes before the process gives up what it could do.
  void open();
  /// Plain writes again.
  void close();
  /// Writes a line, or as much of it as there is room for; the rest comes before the next one. A line is lost, and
  /// counted, when there is no room or another thread is at it; the next one that is written says how many were.
  /// @param line  at most kLineBytesMax bytes.
  void write(std::string_view line);

 private:
  static constexpr std::size_t kLostBytesMax = 128;
  enum class Way : std::uint8_t { plain, if_ready, own, socket };
  using Buffer = std::array<char, kLostBytesMax + kLineBytesMax>;

  [[nodiscard]] bool finish_rest_();
  [[nodiscard]] std::size_t put_(std::string_view text) const;

  std::mutex writing_;
  Way way_ = Way::plain;
  int file_ = STDERR_FILENO;
  Buffer rest_{};  ///< of a line that there was no room for whole
  std::size_t rest_from_ = 0;
  std::size_t rest_end_ = 0;
  std::atomic<std::uint64_t> lost_{0};  ///< lines that nobody was told of yet
};
}  // namespace tocsin::daemon
