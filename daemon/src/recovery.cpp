// SPDX-License-Identifier: Apache-2.0
// How a core comes back: the newest checkpoint that fits, then the journal's tail, each batch stepped under the book
// that ruled it, as it was the first time. What comes out must equal what is stored; where it does not, the stored
// events are the truth and the log says so. At last the book that is to rule from now on takes over.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tocsin/daemon/core.hpp"
#include "tocsin/daemon/log.hpp"
#include "tocsin/engine/base/check.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "alarms.hpp"
#include "book_hash.hpp"
#include "reload.hpp"

namespace tocsin::daemon {
namespace {
/// A checkpoint is this header, little endian, and what the engine saved: magic and version, then the number of the
/// newest alert event it includes, then the status the engine gives its alerts.
constexpr std::uint64_t kCheckpointMagic = 0x3150434E4953434FU;
constexpr std::size_t kCheckpointHeaderBytes = 24;
constexpr std::size_t kEventsAt = 8;
constexpr std::size_t kLabelAt = 16;
constexpr std::size_t kItemsPerLook = 256;  // some ms of work
constexpr const char* kToldToStop = "told to stop before the journal was stepped over";

const char* name_of(engine::Status status) {
  if (status == engine::Status::actual) return "actual";
  return status == engine::Status::exercise ? "exercise" : "test";
}

void put(std::vector<std::byte>& out, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8) out.push_back(static_cast<std::byte>((value >> shift) & 0xFFU));
}

std::uint64_t get(std::span<const std::byte> in) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) value |= std::to_integer<std::uint64_t>(in[i]) << (8 * i);
  return value;
}

/// What identifies an event: one stored, or one the replay raised.
struct Identity {
  std::string alert;
  std::uint16_t rev = 0;
  engine::EventKind kind{};
  engine::Level level{};
  engine::Instant at = 0;
  engine::Instant raised_at = 0;
  bool operator==(const Identity&) const = default;
};

Identity identity_of(const engine::AlertEvent& event, const engine::Image& image) {
  const auto name = image.view(image.alerts[event.alert].name);
  return {std::string{name}, event.rev, event.kind, event.level, event.at, event.raised_at};
}
}  // namespace

/// One recovery. Lives for its duration only.
class Core::Replay {
 public:
  Replay(Core& core, const GoOn& go_on) : core_{core}, go_on_{go_on} {}

  /// @returns why the daemon cannot start, or empty.
  std::string run() {
    if (auto error = check_label_(); !error.empty()) return error;
    if (auto error = choose_book_(); !error.empty()) return error;
    auto target = std::make_unique<Book>();
    core_.exchange_(*target);
    target->started = false;
    std::string error = begin_(target);
    if (error.empty() && book_) error = go_through_tail_(target);
    if (error.empty() && book_ && book_->image().book_hash != target_hash_) error = succeed_to_target_(target);
    if (book_ || target) core_.exchange_(book_ ? *book_ : *target);
    return error;
  }

  /// The book that ruled before the one that is to rule now, when that is another; and what the change says.
  std::unique_ptr<Book> before;
  std::vector<Said> said;

  /// Whether another book than the one that is to rule may have ruled.
  [[nodiscard]] bool knows_others() const {
    return core_.journal_->cursor(kRulingMark) != 0 ||
           std::any_of(stored_books_.begin(), stored_books_.end(),
                       [&](const StoredBook& one) { return one.hash != target_hash_; });
  }

 private:
  struct StoredBook {
    std::uint64_t hash = 0;
    std::uint64_t from_batch = 0;
  };

  /// An exercise must never go on in the journal of the real thing, nor the other way round.
  std::string check_label_() {
    std::optional<std::uint64_t> label;
    for (const auto& checkpoint : core_.journal_->checkpoints()) {
      const std::span<const std::byte> bytes{checkpoint.bytes};
      if (!label && is_ours_(bytes)) label = get(bytes.subspan(kLabelAt));
    }
    const auto outcome = core_.journal_->read_alerts(0, [&](const journal::StoredAlert& alert) {
      const auto record = wire::decode_alert(alert.bytes);
      if (record) label = static_cast<std::uint64_t>(record->status);
      return false;
    });
    if (outcome) return outcome->text;
    if (!label || *label == static_cast<std::uint64_t>(core_.config_.label)) return {};
    return "the journal '" + core_.config_.journal + "' belongs to a daemon whose alerts have status " +
           name_of(static_cast<engine::Status>(*label)) + ", and the config asks for status " +
           name_of(core_.config_.label) + "; give this daemon a journal of its own";
  }

  static bool is_ours_(std::span<const std::byte> bytes) {
    return bytes.size() >= kCheckpointHeaderBytes && get(bytes) == kCheckpointMagic;
  }

  /// The image file's book rules, unless one came by control since that file was last read.
  std::string choose_book_() {
    const auto outcome = core_.journal_->read_images([&](const journal::StoredImage& image) {
      stored_books_.push_back({image.image_hash, image.from_batch});
      return true;
    });
    if (outcome) {
      // Books that ruled before cannot be asked: this one takes all that is left, as after an engine's change.
      LogLine(Severity::warning, "self_check").field("what", "stored image").field("error", outcome->text);
      stored_books_.clear();
      compares_ = false;
    }
    target_hash_ = core_.image().book_hash;
    const std::uint64_t newest = stored_books_.empty() ? target_hash_ : stored_books_.back().hash;
    // When the journal healed, the book in memory rules, stored or not: the marks may be of the one before.
    const bool starts = core_.file_hash_ == 0;
    if (starts) core_.file_hash_ = target_hash_;
    if (starts && !outcome) choose_by_control_(newest);
    if (starts) tell_of_unstored_change_();
    core_.recovery_.book_changed = !outcome && newest != target_hash_ && !core_.rules_from_journal_;
    return {};
  }

  void choose_by_control_(std::uint64_t newest) {
    const auto ruling = came_by_control_(newest);
    if (ruling == 0 || ruling == target_hash_) return;
    auto book = load_(ruling);
    if (!book) return;
    core_.exchange_(*book);
    target_hash_ = ruling;
    core_.rules_from_journal_ = true;
  }

  /// Who asked for it was told that a restart loses it, or nothing at all.
  void tell_of_unstored_change_() {
    if (stored_books_.size() < 2) return;
    const auto& newest = stored_books_.back();
    if (newest.hash == target_hash_ || newest.from_batch <= core_.journal_->last_batch_id()) return;
    if (newest.hash == core_.journal_->cursor(kRulingMark)) return;  // it ruled, and nothing came meanwhile
    LogLine(Severity::error, "reload")
        .field("error", "the change to book " + book_hex(newest.hash) + " was not stored before the daemon ended; " +
                            book_hex(target_hash_) + " rules: reload the other one again");
  }

  /// The book that came by control while the file was what it is now; 0: none. The newest image says less than a mark:
  /// it is stored before the change to it is.
  std::uint64_t came_by_control_(std::uint64_t newest) {
    if (const auto ruling = core_.journal_->cursor(kRulingMark); ruling != 0) {
      return core_.journal_->cursor(kFileMark) == core_.file_hash_ ? ruling : 0;
    }
    bool by_control = false;  // a journal from before there were marks
    const auto outcome = core_.journal_->read_acts([&](const journal::Act& act) {
      if (act.kind != "reload") return true;
      by_control =
          book_hash_after(act.text, "book=") == newest && book_hash_after(act.text, "file=") == core_.file_hash_;
      return true;
    });
    return by_control && !outcome ? newest : 0;
  }

  /// A stored book, mapped and not started; null, logged, when it cannot be used.
  std::unique_ptr<Book> load_(std::uint64_t hash) {
    auto book = std::make_unique<Book>();
    std::string error = "no such image";
    const auto outcome = core_.journal_->read_images([&](const journal::StoredImage& image) {
      if (image.image_hash != hash) return true;
      error = book->file.load(image.bytes, "an image in the journal");
      if (error.empty()) error = book->map();
      return false;
    });
    if (error.empty()) return book;
    LogLine(Severity::warning, "old_book").field("error", outcome ? outcome->text : error);
    return nullptr;
  }

  /// A book by its hash: the target itself where it is that, so that none is loaded twice.
  std::unique_ptr<Book> book_of_(std::uint64_t hash, std::unique_ptr<Book>& target) {
    return hash == target_hash_ && target ? std::move(target) : load_(hash);
  }

  /// Where the replay starts. @returns an error; with no book_ afterwards the journal is empty.
  std::string begin_(std::unique_ptr<Book>& target) {
    if (restore_(target)) return {};
    const engine::Instant first = core_.journal_->first_instant();
    core_.recovery_.fresh = first == engine::kNever;
    if (core_.recovery_.fresh) return {};
    core_.batch_marks_.clear();
    // From the first batch on, under the book that ruled it; where that is gone, all that is left under the target.
    std::uint64_t hash = target_hash_;
    for (const auto& stored : stored_books_) {
      if (stored.from_batch <= 1) hash = stored.hash;
    }
    const bool whole = core_.journal_->state().first_batch <= 1;
    if (whole && compares_) book_ = book_of_(hash, target);
    if (!book_) {
      if (!target) target = load_(target_hash_);
      if (!target) return "the book that is to rule cannot be loaded";
      compares_ = false;
      stored_books_.clear();
      book_ = std::move(target);
    }
    book_->start(first, core_.config_.label);
    return load_stored_events_();
  }

  bool restore_(std::unique_ptr<Book>& target) {
    for (const auto& checkpoint : core_.journal_->checkpoints()) {
      const std::span<const std::byte> bytes{checkpoint.bytes};
      if (checkpoint.engine_version != engine::kEngineVersion) {
        compares_ = false;  // another engine may say other things
        continue;
      }
      if (!is_ours_(bytes)) continue;
      auto book = book_of_(checkpoint.image_hash, target);
      if (!book) continue;
      const auto error = book->engine->restore(bytes.subspan(kCheckpointHeaderBytes));
      if (error != engine::RestoreError::none) {
        LogLine(Severity::warning, "checkpoint_refused")
            .field("batch", checkpoint.batch_id)
            .field("code", static_cast<int>(error));
        if (checkpoint.image_hash == target_hash_) target = std::move(book);
        continue;
      }
      book->started = true;
      book_ = std::move(book);
      core_.recovery_.from_checkpoint = true;
      after_ = checkpoint.batch_id;
      events_before_ = get(bytes.subspan(kEventsAt));
      const std::uint64_t needed = checkpoint.first_needed_batch == 0 ? after_ + 1 : checkpoint.first_needed_batch;
      core_.batch_marks_.assign(1, {needed - 1, engine::kNever});
      if (auto wrong = load_stored_events_(); !wrong.empty()) {
        LogLine(Severity::warning, "self_check").field("what", "stored events").field("error", wrong);
        compares_ = false;
      }
      return true;
    }
    return false;
  }

  std::string load_stored_events_() {
    if (!compares_) return {};
    const auto outcome = core_.journal_->read_alerts(events_before_, [&](const journal::StoredAlert& alert) {
      const auto record = wire::decode_alert(alert.bytes);
      Identity identity;
      if (record) identity = {record->name, record->rev, record->kind, record->level, record->at, record->raised_at};
      stored_.push_back(std::move(identity));
      return true;
    });
    return outcome ? outcome->text : std::string{};
  }

  /// Every batch after the checkpoint, and every change of book among them.
  std::string go_through_tail_(std::unique_ptr<Book>& target) {
    const std::uint64_t last = core_.journal_->last_batch_id();
    for (std::size_t i = 0; i < stored_books_.size(); ++i) {
      const StoredBook& next = stored_books_[i];
      const bool ruled = i + 1 == stored_books_.size() || stored_books_[i + 1].from_batch > next.from_batch;
      if (!ruled || next.from_batch <= after_ || next.from_batch > last) continue;
      if (next.hash == book_->image().book_hash) continue;
      if (auto error = replay_until_(next.from_batch - 1); !error.empty()) return error;
      auto book = book_of_(next.hash, target);
      if (!book) return rebuild_(target);
      if (auto error = succeed_(std::move(book)); !error.empty()) return error;
      for (const Said& one : said) compare_(identity_of(one.event, one.by_book ? before->image() : book_->image()));
      before.reset();
      said.clear();
    }
    if (auto error = replay_until_(last); !error.empty()) return error;
    if (compares_ && next_ < stored_.size()) differ_("missing", stored_.size() - next_);
    return {};
  }

  /// A book in between cannot be loaded: the target takes all that is left.
  std::string rebuild_(std::unique_ptr<Book>& target) {
    if (!target) target = load_(target_hash_);
    if (!target) return "the book that is to rule cannot be loaded";
    LogLine(Severity::warning, "self_check").field("what", "a book that ruled cannot be loaded; the newest takes over");
    compares_ = false;
    return succeed_to_target_(target);
  }

  std::string succeed_to_target_(std::unique_ptr<Book>& target) {
    core_.recovery_.book_changed = true;
    if (!target) target = load_(target_hash_);
    if (!target) return "the book that is to rule cannot be loaded";
    return succeed_(std::move(target));
  }

  std::string succeed_(std::unique_ptr<Book> book) {
    Successor successor{core_.config_.label};
    successor.take(std::move(book));
    auto progress = Successor::Progress::more;
    while (progress == Successor::Progress::more) {
      if (!goes_on_()) return kToldToStop;
      progress = successor.warm(*core_.journal_, kItemsPerLook, std::max(after_, newest_));
    }
    if (progress == Successor::Progress::failed) return successor.error();
    successor.take_over(book_->image(), *book_->engine, said);
    before = std::move(book_);
    book_ = successor.release();
    return {};
  }

  [[nodiscard]] bool goes_on_() const { return !go_on_ || go_on_(); }

  std::string replay_until_(std::uint64_t last) {
    bool stopped = false;
    const auto outcome =
        core_.journal_->read_batches(std::max(after_, newest_), [&](const journal::StoredBatch& batch) {
          if (batch.id > last) return false;
          stopped = !goes_on_();
          if (!stopped) replay_(batch);
          return !stopped;
        });
    if (stopped) return kToldToStop;
    return outcome ? outcome->text : std::string{};
  }

  void replay_(const journal::StoredBatch& batch) {
    newest_ = batch.id;
    ++core_.recovery_.batches;
    core_.note_batch_(batch.id, batch.clock);
    wire::JournalBatchReader reader;
    if (!reader.open(batch.bytes)) {
      differ_("unreadable batch", 1);
      return;
    }
    for (std::size_t index = 0; index < reader.count(); ++index) {
      wire::JournalItem item;
      ++core_.recovery_.items;
      if (reader.next(item)) {
        step_(item);
      } else {
        differ_("unreadable item", 1);
      }
    }
  }

  void step_(const wire::JournalItem& item) {
    engine::Input input;
    if (wire::bind_checked(item.input, book_->image(), item.clock, input) != wire::Refusal::none) {
      if (compares_) differ_("refused input", 1);  // under another book this is what is to be expected
      return;
    }
    input.received = item.clock;
    const auto disposition = book_->engine->step(input);
    const bool ours = item.input.kind == engine::InputKind::clock && item.principal == 0;
    if (compares_ && !ours && disposition != item.disposition) differ_("disposition", 1);
    while (book_->engine->next_event(core_.event_)) compare_(identity_of(core_.event_, book_->image()));
  }

  void compare_(const Identity& raised) {
    ++core_.recovery_.events;
    if (!compares_) return;
    if (next_ >= stored_.size() || !(stored_[next_] == raised)) differ_("event", 1);
    ++next_;
  }

  void differ_(const char* what, std::size_t count) {
    core_.recovery_.differences += count;
    if (core_.recovery_.differences > count) return;  // the first one says where to look
    LogLine(Severity::warning, "self_check")
        .field("what", what)
        .field("batch", newest_)
        .field("event_number", events_before_ + next_ + 1)
        .field("meaning", "the replay does not equal what is stored; the stored alert events hold");
  }

  Core& core_;
  const GoOn& go_on_;
  std::vector<StoredBook> stored_books_;  ///< oldest first
  std::uint64_t target_hash_ = 0;
  std::unique_ptr<Book> book_;       ///< the one that rules where the replay is
  bool compares_ = true;             ///< the tail was written by this engine
  std::uint64_t after_ = 0;          ///< last batch that the checkpoint includes
  std::uint64_t newest_ = 0;         ///< last batch replayed
  std::uint64_t events_before_ = 0;  ///< alert events that the checkpoint includes
  std::vector<Identity> stored_;
  std::size_t next_ = 0;
};

std::string Core::recover_(const GoOn& go_on, BookChange& change) {
  Replay replay{*this, go_on};
  if (auto error = replay.run(); !error.empty()) return error;
  if (!journal_->notice().empty()) {
    alarms_->raise("self_check", "of the journal " + journal_->notice());
  } else if (recovery_.differences == 0) {
    alarms_->clear("self_check");
  } else {
    alarms_->raise("self_check", std::to_string(recovery_.differences) +
                                     " differences between what the journal's inputs lead to and what is stored; what "
                                     "is stored holds: run `tocsin log verify` on a copy and look at the log");
  }
  if (config_.strict && recovery_.differences > 0) {
    return "the self-check found " + std::to_string(recovery_.differences) +
           " differences between what the journal's inputs lead to and what is stored; look at the log, then start "
           "without --strict to go on with what is stored";
  }
  if (config_.strict && !journal_->notice().empty()) {
    return "of the journal " + journal_->notice() + "; start without --strict for the latter";
  }
  find_feeds_();
  if (auto error = load_shelves_(); !error.empty()) LogLine(Severity::warning, "shelves").field("error", error);
  refusals_.load(journal_->rejections());
  committed_batch_ = journal_->last_batch_id();
  committed_alert_ = journal_->last_alert_number();
  next_alert_ = committed_alert_ + 1;
  items_since_checkpoint_ = recovery_.items;
  engine_clock_.start(journal_->last_clock());
  if (auto error = store_image_(); !error.empty()) return error;
  if (recovery_.fresh && config_.clock == ClockSource::system) {
    start_engine_(engine_clock_.now());
    journal::CommitBatch first;
    first.clock = engine_->clock();
    first.first_instant = engine_->first_instant();
    if (auto outcome = journal_->commit(first)) return outcome->text;
  }
  return rule_from_here_(replay, change);
}

/// Stores that the book that came out of a recovery rules, where the journal says otherwise.
std::string Core::rule_from_here_(Replay& replay, BookChange& change) {
  const bool changed = recovery_.book_changed && started_;
  if (unstored_change_ && !changed) {
    const auto unstored = *unstored_change_;
    return store_change_({}, unstored.was, unstored.who);
  }
  if (changed && replay.before) {
    const auto who = unstored_change_ ? unstored_change_->who : std::string{};
    if (auto error = tell_change_(*replay.before, replay.said, who, change); !error.empty()) return error;
    LogLine(Severity::info, "book_changed").field("cleared", change.cleared).field("history", change.history);
  }
  if (!rules_from_journal_ && replay.knows_others()) {
    if (const auto outcome = store_book_marks_()) {  // the next start tries again
      LogLine(Severity::error, "book_mark").field("error", outcome->text);
      if (outcome->fatal) return outcome->text;
    }
  }
  if (!changed) return {};
  // From here the new book rules: the next start must find its state, not go through all of this again.
  if (const auto outcome = try_checkpoint_()) {
    LogLine(Severity::error, "checkpoint").field("error", outcome->text);
    if (outcome->fatal) return outcome->text;
  }
  return {};
}

std::string Core::store_image_() {
  const auto outcome = journal_->store_image(image().book_hash, image_file_.bytes());
  return outcome ? outcome->text : std::string{};
}

void Core::save_checkpoint(std::uint64_t batch_id, journal::StoredCheckpoint& out) {
  TOCSIN_CHECK(started_);
  const auto saved = engine_->save();
  out.batch_id = batch_id;
  out.image_hash = image().book_hash;
  out.engine_version = engine::kEngineVersion;
  out.first_needed_batch = std::min(first_needed_batch_(), batch_id + 1);
  out.bytes.clear();
  out.bytes.reserve(kCheckpointHeaderBytes + saved.size());
  put(out.bytes, kCheckpointMagic);
  put(out.bytes, next_alert_ - 1);
  put(out.bytes, static_cast<std::uint64_t>(config_.label));
  out.bytes.insert(out.bytes.end(), saved.begin(), saved.end());
  items_since_checkpoint_ = 0;
}
}  // namespace tocsin::daemon
