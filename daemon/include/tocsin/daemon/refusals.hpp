// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Refusals: what was refused, counted by principal and reason, each with a short sample of the newest.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/journal/journal.hpp"
#include "tocsin/wire/control_codec.hpp"
#include "tocsin/wire/input_view.hpp"

namespace tocsin::daemon {
class Refusals {
 public:
  /// Goes on from what the journal holds; what is not stored yet stays on top of that.
  void load(std::vector<journal::RejectionRow> rows);
  /// Counts one. @returns true for the first of its kind since the start.
  bool count(std::string_view principal, wire::Refusal reason, std::string_view sample);
  [[nodiscard]] bool has_uncommitted() const { return !uncommitted_.empty(); }
  /// What is to be stored now: stays as it is until confirm() or unseal(). @pre neither is due.
  [[nodiscard]] std::span<const journal::RejectionRow> seal();
  /// What was sealed is stored.
  void confirm() { sealed_.clear(); }
  /// It was not: it is uncommitted again.
  void unseal();
  /// All of all time, by principal and reason.
  [[nodiscard]] std::vector<wire::RefusalCount> totals() const;

 private:
  std::vector<journal::RejectionRow> totals_;
  std::vector<journal::RejectionRow> uncommitted_;
  std::vector<journal::RejectionRow> sealed_;
};

/// A short printable excerpt of an input: feed, seq, indicator, time, value.
[[nodiscard]] std::string sample_of(const wire::InputView& view);
}  // namespace tocsin::daemon
