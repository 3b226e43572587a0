// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Rig: a compiled book, its engine and the engine's memory; and one measured run of lines through it.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tocsin/compiler/compile.hpp"
#include "tocsin/engine/engine.hpp"

#include "ledger.hpp"

namespace tocsin::bench {
/// What a run took and brought.
struct Run {
  double seconds = 0;  ///< processor time
  std::array<double, 4> quarter_seconds{};
  std::uint64_t lines = 0;
  std::uint64_t not_taken = 0;  ///< lines that did not count
  std::uint64_t events = 0;     ///< handed out, retractions too
  std::uint64_t retractions = 0;
  std::uint64_t allocations = 0;  ///< heap allocations of the whole process meanwhile
  std::uint64_t worst_step = 0;   ///< most nodes decided and samples looked at in one step
  std::uint64_t final_early = 0;  ///< events that no place was left for
  Ledger ledger;
};

class Rig {
 public:
  /// Compiles the book; ends the program, saying why, when it does not compile.
  /// @param target  a name that compiler::find_target() knows.
  Rig(std::string text, const char* target);
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  /// Starts the engine anew at the first line's time and steps all lines, pulling every event.
  [[nodiscard]] Run run(const std::vector<engine::Input>& lines);

  [[nodiscard]] const engine::Image& image() const { return image_; }
  [[nodiscard]] std::uint64_t block_bytes() const { return block_.size() * sizeof block_[0]; }
  /// What the compiler prints as the most that one step can cost.
  [[nodiscard]] std::uint64_t worst_step_allowed() const;

 private:
  compiler::AlignedBytes bytes_;
  engine::Image image_;
  std::vector<std::uint64_t> block_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<engine::AlertEvent> event_;
};
}  // namespace tocsin::bench
