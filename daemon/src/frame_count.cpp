// SPDX-License-Identifier: Apache-2.0
#include "frame_count.hpp"

#include <algorithm>

namespace tocsin::daemon {
namespace {
/// What lies after one number and before or at another.
std::optional<MissingFrames> after(std::uint64_t before, std::uint64_t last) {
  if (last <= before) return std::nullopt;
  return MissingFrames{before + 1, last};
}
}  // namespace

void FrameCount::resume(std::uint64_t stored) {
  count_ = 1;
  runs_[0] = {stored, stored};
}

FrameCount::Taken FrameCount::take(std::uint64_t frame) {
  Taken taken;
  unsealed_ = true;
  if (count_ == 0) {
    resume(frame > 0 ? frame - 1 : 0);
    runs_[0].last = frame;
    return taken;
  }
  const auto last = runs_.at(count_ - 1).last;
  taken.repeated = frame == last;
  taken.restarted = frame < last;
  if (taken.restarted) begin_run_();
  if (!taken.repeated && frame > 0) taken.missing = after(taken.restarted ? 0 : last, frame - 1);
  runs_.at(count_ - 1).last = frame;
  return taken;
}

void FrameCount::begin_run_() {
  if (count_ == kRunsMax) merge_two_();
  runs_.at(count_++) = {};
}

/// The oldest two that no slab is sealed in. What a slab says is how far its own run is stored: when it comes to be,
/// that must not be taken for the next one's, or what that lost is never told; for the one before it costs a word too
/// much.
void FrameCount::merge_two_() {
  const auto is_sealed = [this](std::size_t run) {
    return std::any_of(sealed_.begin(), sealed_.end(), [&](const auto& one) { return one && one->run == run; });
  };
  std::size_t run = 0;
  while (run + 2 < count_ && (is_sealed(run) || is_sealed(run + 1))) ++run;
  if (is_sealed(run) || is_sealed(run + 1)) {
    for (run = 0; run + 2 < count_ && is_sealed(run);) ++run;
  }
  merge_with_next_(run);
}

void FrameCount::merge_with_next_(std::size_t run) {
  auto& next = runs_.at(run + 1);
  next.stored = std::min(next.stored, runs_.at(run).stored);
  next.last = std::max(next.last, runs_.at(run).last);
  std::rotate(runs_.begin() + static_cast<std::ptrdiff_t>(run), runs_.begin() + static_cast<std::ptrdiff_t>(run) + 1,
              runs_.end());
  --count_;
  for (auto& sealed : sealed_) {
    if (sealed && sealed->run > run) --sealed->run;
  }
}

void FrameCount::drop_runs_(std::size_t count) {
  std::rotate(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(count), runs_.end());
  count_ -= count;
  for (auto& sealed : sealed_) {
    if (sealed) sealed->run -= std::min(sealed->run, count);
  }
}

std::optional<std::uint64_t> FrameCount::unsealed() const {
  if (!unsealed_ || count_ == 0 || (count_ == 1 && runs_[0].last == 0)) return std::nullopt;
  return runs_.at(count_ - 1).last;
}

void FrameCount::seal(std::size_t slab) {
  sealed_.at(slab) = Sealed{count_ - 1, runs_.at(count_ - 1).last};
  unsealed_ = false;
}

void FrameCount::stored(std::size_t slab) {
  const auto sealed = sealed_.at(slab);
  if (!sealed) return;
  sealed_.at(slab).reset();
  drop_runs_(sealed->run);
  runs_[0].stored = sealed->last;
}

std::array<std::optional<MissingFrames>, FrameCount::kRunsMax> FrameCount::throw_away() {
  std::array<std::optional<MissingFrames>, kRunsMax> thrown{};
  if (count_ == 0) return thrown;
  for (std::size_t i = 0; i < count_; ++i) thrown.at(i) = after(runs_.at(i).stored, runs_.at(i).last);
  sealed_ = {};
  unsealed_ = std::any_of(thrown.begin(), thrown.end(), [](const auto& one) { return one.has_value(); });
  return thrown;
}
}  // namespace tocsin::daemon
