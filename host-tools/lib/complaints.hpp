// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Complaints: messages about input lines on stderr, of which a flood is counted rather than shown.
#include <cstdint>
#include <cstdio>
#include <string>

#include "lib/terminal.hpp"

namespace tocsin::tools {
class Complaints {
 public:
  /// @param shown_max  messages shown; 0: all.
  explicit Complaints(std::uint64_t shown_max) : shown_max_{shown_max} {}
  void add(const std::string& text) {
    if (shown_max_ == 0 || ++count_ <= shown_max_) std::fprintf(stderr, "%s\n", text.c_str());
  }
  /// Says how many were not shown, if any.
  void finish() const {
    if (shown_max_ == 0 || count_ <= shown_max_) return;
    std::fprintf(stderr, "and %s more like these; --errors 0 shows all\n", grouped(count_ - shown_max_).c_str());
  }

 private:
  std::uint64_t shown_max_;
  std::uint64_t count_ = 0;
};
}  // namespace tocsin::tools
