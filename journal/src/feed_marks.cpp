// SPDX-License-Identifier: Apache-2.0
#include "feed_marks.hpp"

#include <algorithm>

#include "row_crc.hpp"

namespace tocsin::journal {
int FeedMarks::load(sqlite3* database, bool read_only) {
  Statement select;
  int code = select.prepare(database, "SELECT feed, mark, reports FROM feed_mark ORDER BY feed");
  if (code != SQLITE_OK) return code;
  for (code = select.step(); code == SQLITE_ROW; code = select.step()) {
    Known known;
    known.stored = {std::string{select.text(0)}, select.unsigned_number(1), select.unsigned_number(2)};
    known.is_stored = true;
    known_feeds_.push_back(std::move(known));
  }
  if (code != SQLITE_DONE || read_only) return code == SQLITE_DONE ? SQLITE_OK : code;
  return upsert_.prepare(database,
                         "INSERT INTO feed_mark(feed, mark, reports, crc) VALUES(?1, ?2, ?3, ?4) "
                         "ON CONFLICT(feed) DO UPDATE SET mark = ?2, reports = ?3, crc = ?4");
}

FeedMarks::Known& FeedMarks::known_(std::string_view feed) {
  auto place = std::lower_bound(known_feeds_.begin(), known_feeds_.end(), feed,
                                [](const Known& known, std::string_view name) { return known.stored.feed < name; });
  if (place == known_feeds_.end() || place->stored.feed != feed) {
    Known known;
    known.stored.feed = feed;
    place = known_feeds_.insert(place, std::move(known));
  }
  if (!place->changes) {
    place->changes = true;
    place->mark = place->stored.mark;
    place->reports = place->stored.reports;
  }
  return *place;
}

int FeedMarks::write(std::span<const wire::JournalItem> items) {
  for (auto& known : known_feeds_) known.changes = false;
  for (const auto& item : items) {
    // An input refused as full will be sent again under the same number: the feed has not come past it.
    if (!item.input.seq.has_value() || item.input.feed.empty()) continue;
    if (item.disposition == engine::Disposition::full) continue;
    auto& known = known_(item.input.feed);
    known.mark = std::max(known.mark, *item.input.seq);
    const bool counts = item.input.kind == engine::InputKind::report && item.disposition == engine::Disposition::taken;
    known.reports += counts ? 1U : 0U;
  }
  for (const auto& known : known_feeds_) {
    if (!known.changes) continue;
    const std::string_view feed{known.stored.feed};
    const auto crc =
        row_crc({static_cast<std::int64_t>(known.mark), static_cast<std::int64_t>(known.reports)}, {bytes_of(feed)});
    const int code = upsert_.bind(1, feed).bind(2, known.mark).bind(3, known.reports).bind(4, crc).run();
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

void FeedMarks::confirm() {
  for (auto& known : known_feeds_) {
    if (!known.changes) continue;
    known.stored.mark = known.mark;
    known.stored.reports = known.reports;
    known.is_stored = true;
    known.changes = false;
  }
}

std::vector<FeedMark> FeedMarks::all() const {
  std::vector<FeedMark> marks;
  for (const auto& known : known_feeds_) {
    if (known.is_stored) marks.push_back(known.stored);
  }
  return marks;
}
}  // namespace tocsin::journal
