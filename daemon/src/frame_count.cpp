// SPDX-License-Identifier: Apache-2.0
#include "frame_count.hpp"

namespace tocsin::daemon {
namespace {
std::optional<MissingFrames> between(std::uint64_t before, std::uint64_t after) {
  if (after <= before || after - before == 1) return std::nullopt;
  return MissingFrames{before + 1, after - 1};
}
}  // namespace

void FrameCount::resume(std::uint64_t stored) {
  any_ = true;
  last_ = stored;
  stored_ = stored;
}

FrameCount::Taken FrameCount::take(std::uint64_t frame, std::size_t slab) {
  Taken taken;
  if (!any_) {
    any_ = true;
    stored_ = frame > 0 ? frame - 1 : 0;
  } else if (frame > last_) {
    taken.missing = between(last_, frame);
  } else if (frame < last_) {
    taken.restarted = true;
    taken.missing = between(0, frame);
    if (!before_restart_) before_restart_ = last_;
    restart_slab_ = slab;
  }
  last_ = frame;
  newest_.at(slab) = frame;
  return taken;
}

void FrameCount::stored(std::size_t slab) {
  auto& newest = newest_.at(slab);
  if (!newest) return;
  stored_ = *newest;
  newest.reset();
  if (restart_slab_ == slab) before_restart_.reset();
}

std::array<std::optional<MissingFrames>, 2> FrameCount::throw_away(std::size_t slab) {
  std::array<std::optional<MissingFrames>, 2> thrown{};
  const auto up_to = [](std::uint64_t stored, std::uint64_t last) -> std::optional<MissingFrames> {
    if (last <= stored) return std::nullopt;
    return MissingFrames{stored + 1, last};
  };
  if (before_restart_) {
    thrown[0] = up_to(stored_, *before_restart_);
    thrown[1] = up_to(0, last_);
  } else {
    thrown[1] = up_to(stored_, last_);
  }
  stored_ = last_;
  newest_ = {};
  if (thrown[0] || thrown[1]) newest_.at(slab) = last_;
  before_restart_.reset();
  return thrown;
}
}  // namespace tocsin::daemon
