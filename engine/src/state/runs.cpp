// SPDX-License-Identifier: Apache-2.0
#include "runs.hpp"

#include "tocsin/engine/base/check.hpp"

namespace tocsin::engine {
Runs runs_of(const State& state, const Plan& plan, const Image& image, std::uint16_t index, bool maybe) {
  const Node& node = image.nodes[index];
  const std::size_t words = 1U + 2U * std::size_t{node.runs};
  return {state.words.subspan(plan.nodes[index].words + (maybe ? words : 0U), words), node.ago_ms, node.window_ms};
}

void Runs::erase(std::size_t index) {
  for (std::size_t i = index + 1; i < count(); ++i) {
    start(i - 1) = start(i);
    end(i - 1) = end(i);
  }
  --words_[0];
}

bool Runs::make_place() {
  if (1 + 2 * (count() + 1) <= words_.size()) return true;
  for (std::size_t i = 1; i < count(); ++i) {
    if (start(i) - end(i - 1) > to_ - from_ + 1) continue;
    end(i - 1) = end(i);
    erase(i);
    return true;
  }
  return false;
}

void Runs::add(Instant at) {
  const std::size_t index = count();
  // No window of D - C + 1 instants fits between two runs this near: they are one to it. With runs_needed() places and
  // nothing older than D kept, a full table always has such a pair, or its newest run and `at` are one.
  if (index > 0 && (at <= end(index - 1) + 1 || !make_place())) {
    TOCSIN_CHECK(at - end(index - 1) <= to_ - from_ + 1);
    end(index - 1) = at;
    return;
  }
  const std::size_t place = count();
  ++words_[0];
  start(place) = at;
  end(place) = at;
}

void Runs::go_on(bool before, bool now, bool kept_before, bool kept_now, Instant at) {
  if (!kept_before) {
    words_[0] = 0;  // only the newest instant can have been a witness all the while
    if (before) add(at - 1);
  } else if (before) {
    end(count() - 1) = at - 1;
  }
  while (count() > 0 && end(0) < at - to_) erase(0);
  if (!kept_now) words_[0] = 0;
  if (now) add(at);
}

Instant Runs::witness(Instant at, bool open) const {
  for (std::size_t i = count(); i > 0; --i) {
    if (start(i - 1) > at - from_) continue;
    const Instant last = open && i == count() ? at : end(i - 1);
    const Instant latest = last < at - from_ ? last : at - from_;
    return latest >= at - to_ ? latest : kNever;
  }
  return kNever;
}

Instant Runs::due(bool open, Instant at) const {
  Instant due = kForever;
  for (std::size_t i = 0; i < count(); ++i) {
    const Instant begins = start(i) + from_;
    if (begins > at && begins < due) due = begins;
    const bool goes_on = open && i + 1 == count();
    const Instant ends = end(i) + to_ + 1;
    if (!goes_on && ends > at && ends < due) due = ends;
  }
  return due;
}
}  // namespace tocsin::engine
