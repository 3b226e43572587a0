// SPDX-License-Identifier: Apache-2.0
#include "feed_marks.hpp"

#include <algorithm>

namespace tocsin::journal {
namespace {
auto place_of(std::vector<FeedMark>& marks, std::string_view feed) {
  return std::lower_bound(marks.begin(), marks.end(), feed,
                          [](const FeedMark& mark, std::string_view name) { return mark.feed < name; });
}
}  // namespace

int FeedMarks::load(sqlite3* database, bool read_only) {
  Statement select;
  int code = select.prepare(database, "SELECT feed, mark, reports FROM feed_mark ORDER BY feed");
  if (code != SQLITE_OK) return code;
  for (code = select.step(); code == SQLITE_ROW; code = select.step()) {
    marks_.push_back({std::string{select.text(0)}, select.unsigned_number(1), select.unsigned_number(2)});
  }
  if (code != SQLITE_DONE || read_only) return code == SQLITE_DONE ? SQLITE_OK : code;
  return upsert_.prepare(database,
                         "INSERT INTO feed_mark(feed, mark, reports) VALUES(?1, ?2, ?3) "
                         "ON CONFLICT(feed) DO UPDATE SET mark = ?2, reports = ?3");
}

FeedMark& FeedMarks::changed_mark_(std::string_view feed) {
  const auto known =
      std::find_if(changed_.begin(), changed_.end(), [&](const auto& mark) { return mark.feed == feed; });
  if (known != changed_.end()) return *known;
  const auto stored = place_of(marks_, feed);
  const bool is_stored = stored != marks_.end() && stored->feed == feed;
  return changed_.emplace_back(is_stored ? *stored : FeedMark{std::string{feed}, 0, 0});
}

int FeedMarks::write(std::span<const wire::JournalItem> items) {
  changed_.clear();
  for (const auto& item : items) {
    // An input refused as full will be sent again under the same number: the feed has not come past it.
    if (!item.input.seq.has_value() || item.input.feed.empty()) continue;
    if (item.disposition == engine::Disposition::full) continue;
    auto& mark = changed_mark_(item.input.feed);
    mark.mark = std::max(mark.mark, *item.input.seq);
    const bool counts = item.input.kind == engine::InputKind::report && item.disposition == engine::Disposition::taken;
    mark.reports += counts ? 1U : 0U;
  }
  for (const auto& mark : changed_) {
    const int code = upsert_.bind(1, std::string_view{mark.feed}).bind(2, mark.mark).bind(3, mark.reports).run();
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

void FeedMarks::confirm() {
  for (auto& mark : changed_) {
    const auto place = place_of(marks_, mark.feed);
    if (place != marks_.end() && place->feed == mark.feed) {
      *place = std::move(mark);
    } else {
      marks_.insert(place, std::move(mark));
    }
  }
  changed_.clear();
}
}  // namespace tocsin::journal
