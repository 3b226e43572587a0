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
    known.now = {std::string{select.text(0)}, select.unsigned_number(1), select.unsigned_number(2)};
    known.any = true;
    known_feeds_.push_back(std::move(known));
  }
  if (code != SQLITE_DONE || read_only) return code == SQLITE_DONE ? SQLITE_OK : code;
  return upsert_.prepare(database,
                         "INSERT INTO feed_mark(feed, mark, reports, crc) VALUES(?1, ?2, ?3, ?4) "
                         "ON CONFLICT(feed) DO UPDATE SET mark = ?2, reports = ?3, crc = ?4");
}

FeedMarks::Known& FeedMarks::known_(std::string_view feed) {
  auto place = std::lower_bound(known_feeds_.begin(), known_feeds_.end(), feed,
                                [](const Known& known, std::string_view name) { return known.now.feed < name; });
  if (place == known_feeds_.end() || place->now.feed != feed) {
    Known known;
    known.now.feed = feed;
    place = known_feeds_.insert(place, std::move(known));
  }
  if (!place->changes) {
    place->changes = true;
    place->mark = place->now.mark;
    place->reports = place->now.reports;
  }
  return *place;
}

void FeedMarks::stage(std::span<const wire::JournalItem> items) {
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
}

int FeedMarks::write() {
  for (const auto& known : known_feeds_) {
    if (!known.changes && !known.behind) continue;
    const auto mark = known.changes ? known.mark : known.now.mark;
    const auto reports = known.changes ? known.reports : known.now.reports;
    const std::string_view feed{known.now.feed};
    const auto crc = row_crc({static_cast<std::int64_t>(mark), static_cast<std::int64_t>(reports)}, {bytes_of(feed)});
    const int code = upsert_.bind(1, feed).bind(2, mark).bind(3, reports).bind(4, crc).run();
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

void FeedMarks::confirm(bool written) {
  for (auto& known : known_feeds_) {
    if (written) known.behind = false;
    if (!known.changes) continue;
    known.now.mark = known.mark;
    known.now.reports = known.reports;
    known.any = true;
    known.behind = !written;
    known.changes = false;
  }
}

std::vector<FeedMark> FeedMarks::all() const {
  std::vector<FeedMark> marks;
  for (const auto& known : known_feeds_) {
    if (known.any) marks.push_back(known.now);
  }
  return marks;
}
}  // namespace tocsin::journal
