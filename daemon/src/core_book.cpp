// SPDX-License-Identifier: Apache-2.0
// How a core comes to another book: what was said is stored with the image that says it, and a checkpoint after it.
#include <algorithm>
#include <array>
#include <utility>

#include "tocsin/daemon/core.hpp"
#include "tocsin/daemon/log.hpp"
#include "tocsin/engine/base/check.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "book_hash.hpp"
#include "reload.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::size_t kBatchMarksMax = 1024;
}  // namespace

void Core::exchange_(Book& book) noexcept {
  image_file_.swap(book.file);
  std::swap(block_, book.block);
  std::swap(block_bytes_, book.block_bytes);
  std::swap(engine_, book.engine);
  std::swap(started_, book.started);
}

void Core::find_feeds_() {
  feeds_.assign(image().feeds.size(), {});
  for (const auto& mark : journal_->feed_marks()) {
    const auto index = image().find_feed(mark.feed);
    if (index == engine::kNone) continue;
    auto& feed = feeds_[index];
    feed.any = true;
    feed.mark = mark.mark;
    feed.reports = mark.reports;
    feed.counted = mark.reports;  // what came before now is no rate
  }
}

/// What was counted since the start goes on, by the feeds' names.
void Core::keep_counts_(const engine::Image& book, std::span<const FeedState> before) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto index = image().find_feed(book.view(book.feeds[i].name));
    if (index == engine::kNone) continue;
    feeds_[index].rejected = before[i].rejected;
    feeds_[index].rejected_by = before[i].rejected_by;
    feeds_[index].lost = before[i].lost;
    feeds_[index].rate = before[i].rate;
    feeds_[index].lag_ms = before[i].lag_ms;
    feeds_[index].mean_lag_ms = before[i].mean_lag_ms;
  }
}

std::string Core::change_book(Successor& successor, std::string_view who, BookChange& change) {
  TOCSIN_CHECK(!in_flight_ && slabs_[filling_].empty() && !in_trouble());
  change = {};
  change.old_hash = image().book_hash;
  change.new_hash = successor.image().book_hash;
  // A replay must come to the very clock at which the book changed.
  if (started_ && engine_->clock() > journal_->last_clock()) {
    keep_clock_(engine_->clock());
    if (commit() != CommitResult::done) return "the journal is in trouble: " + journal_error_;
  }
  const auto progress = successor.warm(*journal_, SIZE_MAX);  // what was stored since it was warm
  if (progress == Successor::Progress::failed) return successor.error();
  TOCSIN_CHECK(progress == Successor::Progress::level);
  if (auto outcome = journal_->store_image(successor.image().book_hash, successor.book().file.bytes())) {
    if (outcome->fatal) give_up(*outcome);
    return "the new book cannot be stored: " + outcome->text;
  }
  std::vector<Said> said;
  if (started_) successor.take_over(image(), *engine_, said);
  if (successor.from_file()) file_hash_ = change.new_hash;
  rules_from_journal_ = file_hash_ != change.new_hash;
  exchange_(successor.book());  // from here the new one rules
  const auto before = std::exchange(feeds_, {});
  find_feeds_();
  keep_counts_(successor.book().image(), before);
  if (const auto error = adopt_book_(); !error.empty()) LogLine(Severity::warning, "gaps").field("error", error);
  if (auto error = tell_change_(successor.book(), said, who, change); !error.empty()) {
    return {};  // the journal is in trouble; when it heals, recovery stores all of this
  }
  if (started_) {
    if (const auto error = store_checkpoint(); !error.empty())
      LogLine(Severity::error, "checkpoint").field("error", error);
  }
  return {};
}

/// Stores what a change of book says, and who asked for it. @param old  the book that ruled.
std::string Core::tell_change_(const Book& old, std::span<const Said> said, std::string_view who, BookChange& change) {
  std::vector<journal::StoredAlert> alerts;
  change.told.reserve(said.size());
  for (const Said& one : said) {
    const auto& book = one.by_book ? old.image() : image();
    wire::AlertContext context;
    context.site = config_.site;
    context.number = next_alert_ + alerts.size();
    context.history = one.history;
    context.by_book = one.by_book;
    context.shelved = !one.history && is_shelved_(one.event, book);
    const auto bytes = wire::encode_alert(one.event, book, context, std::as_writable_bytes(std::span{alert_arena_}));
    TOCSIN_CHECK(!bytes.empty());
    Told told;
    told.number = *context.number;
    told.at = one.event.at;
    told.level = one.event.level;
    told.name = book.view(book.alerts[one.event.alert].name);
    told.words.resize((bytes.size() + 7) / 8);
    std::copy(bytes.begin(), bytes.end(), std::as_writable_bytes(std::span{told.words}).begin());
    told.size = bytes.size();
    told.notify = one.notify;
    change.told.push_back(std::move(told));
    alerts.push_back({change.told.back().number, one.event.at, change.told.back().bytes()});
    change.cleared += one.by_book ? 1U : 0U;
    change.history += one.history ? 1U : 0U;
  }
  auto error = store_change_(alerts, old.image().book_hash, who);
  if (!error.empty()) change.told.clear();
  return error;
}

std::array<journal::Cursor, 2> Core::book_marks_() const {
  return {journal::Cursor{kRulingMark, image().book_hash, true}, journal::Cursor{kFileMark, file_hash_, true}};
}

bool Core::found_in_file() {
  if (file_hash_ == image().book_hash) return true;
  const auto before = std::exchange(file_hash_, image().book_hash);
  for (const auto& mark : book_marks_()) {  // the ruling one is as it was, so that one of them alone is no harm
    if (keep(mark)) continue;
    file_hash_ = before;
    return false;
  }
  rules_from_journal_ = false;
  return true;
}

/// Where the image file's book rules and the journal says something else: what was in that file before is to be a new
/// file when it comes back.
journal::Outcome Core::store_book_marks_() {
  const auto marks = book_marks_();
  const bool same = std::all_of(marks.begin(), marks.end(), [&](const journal::Cursor& mark) {
    return journal_->cursor(mark.consumer) == mark.number;
  });
  if (same) return std::nullopt;
  journal::CommitBatch batch;
  batch.cursors = marks;
  batch.clock = batch_clock();
  return journal_->commit(batch);
}

/// @param was  the hash of the book that ruled.
std::string Core::store_change_(std::span<const journal::StoredAlert> alerts, std::uint64_t was, std::string_view who) {
  const std::string text =
      "book=" + book_hex(image().book_hash) + " was=" + book_hex(was) + " file=" + book_hex(file_hash_);
  const journal::Act act{batch_clock(), who, "reload", text};
  const auto marks = book_marks_();
  journal::CommitBatch batch;
  batch.alerts = alerts;
  batch.acts = std::span{&act, 1};
  batch.cursors = marks;
  batch.clock = batch_clock();
  if (started_) batch.first_instant = engine_->first_instant();
  if (auto outcome = journal_->commit(batch)) {
    if (outcome->fatal) {
      give_up(*outcome);
    } else {
      enter_trouble_(*outcome);
      unstored_change_ = UnstoredChange{was, std::string{who}};
    }
    return outcome->text;
  }
  unstored_change_.reset();
  committed_batch_ = journal_->last_batch_id();
  committed_alert_ = journal_->last_alert_number();
  next_alert_ = committed_alert_ + 1;
  note_batch_(committed_batch_, batch.clock);
  return {};
}

void Core::note_batch_(std::uint64_t batch_id, engine::Instant clock) {
  batch_marks_.reserve(kBatchMarksMax);  // once: the way of a report leaves the heap alone
  if (!batch_marks_.empty() && batch_marks_.back().clock >= clock) {
    batch_marks_.back().batch = batch_id;  // all up to here have at most this clock
    return;
  }
  if (batch_marks_.size() == kBatchMarksMax) {  // every other one is near enough
    for (std::size_t i = 0; i < kBatchMarksMax / 2; ++i) batch_marks_[i] = batch_marks_[2 * i];
    batch_marks_.resize(kBatchMarksMax / 2);
  }
  batch_marks_.push_back({batch_id, clock});
}

/// The first batch that may hold something that late news can still reach.
std::uint64_t Core::first_needed_batch_() const {
  const engine::Instant reach = engine_->reach() - config_.max_skew_ms;
  std::uint64_t needed = 1;
  for (const auto& mark : batch_marks_) {
    if (mark.clock >= reach) break;
    needed = mark.batch + 1;
  }
  return needed;
}
}  // namespace tocsin::daemon
