// SPDX-License-Identifier: Apache-2.0
#include "simulated_feed.hpp"

#include <algorithm>
#include <iterator>

#include "tocsin/wire/batch_codec.hpp"

namespace tocsin::daemon::faults {
namespace {
constexpr std::uint64_t kFramesInFlight = 6;
constexpr std::size_t kItemsMax = 5;
}  // namespace

void SimulatedFeed::connect(std::uint64_t connection) {
  connection_ = connection;
  sent_ = acknowledged_;
  frame_ends_.clear();
  heard_ = 0;
}

void SimulatedFeed::send(engine::Instant now, test_support::Prng& random, std::deque<Packet>& network) {
  while (frame_ends_.size() - heard_ < kFramesInFlight) {
    std::size_t end = sent_;
    const std::size_t most = 1 + random.index(kItemsMax);
    while (end < lines_.size() && end - sent_ < most && lines_[end].received <= now) ++end;
    if (end == sent_) return;
    std::size_t begin = sent_;
    if (begin > 0 && random.chance(5)) begin -= 1 + random.index(std::min<std::size_t>(begin, 8));  // said once more
    const std::span<const wire::InputView> all{lines_};
    network.push_back({connection_, wire::encode_batch(frame_ends_.size() + 1, all.subspan(begin, end - begin))});
    frame_ends_.push_back(end);
    sent_ = end;
  }
}

bool SimulatedFeed::hear(const wire::Ack& ack, std::string& wrong) {
  auto decided = ack.frame;
  for (const auto& item : ack.refused) {
    decided = std::min(decided, item.frame - 1);
    if (!item.retry) wrong = "refused for good: " + item.text;
  }
  heard_ = std::max(heard_, std::min<std::uint64_t>(decided, frame_ends_.size()));
  if (heard_ > 0) acknowledged_ = std::max(acknowledged_, frame_ends_[static_cast<std::size_t>(heard_ - 1)]);
  return !ack.refused.empty();
}

void SimulatedFeed::add_sure(test::ReportSet& sure) const {
  sure.merge(test::reports_of(std::span{lines_}.first(acknowledged_)));
}

void SimulatedFeed::add_all(test::ReportSet& all) const { all.merge(test::reports_of(lines_)); }

std::vector<wire::InputView> lines_of(std::span<const wire::InputView> lines, std::span<const std::string_view> feeds) {
  std::vector<wire::InputView> out;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(out), [&](const wire::InputView& line) {
    return std::find(feeds.begin(), feeds.end(), line.feed) != feeds.end();
  });
  return out;
}
}  // namespace tocsin::daemon::faults
