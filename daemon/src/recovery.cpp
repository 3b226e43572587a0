// SPDX-License-Identifier: Apache-2.0
// How a core comes back: the newest checkpoint that fits, then the journal's tail, stepped as it was the first time.
// What the tail raises must equal what is stored; where it does not, the stored events are the truth and the log says
// so.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tocsin/daemon/core.hpp"
#include "tocsin/daemon/log.hpp"
#include "tocsin/wire/alert_codec.hpp"

namespace tocsin::daemon {
namespace {
/// A checkpoint is this header, little endian, and what the engine saved: magic and version, then the number of the
/// newest alert event it includes, then the status the engine gives its alerts.
constexpr std::uint64_t kCheckpointMagic = 0x3150434E4953434FU;
constexpr std::size_t kCheckpointHeaderBytes = 24;
constexpr std::size_t kEventsAt = 8;
constexpr std::size_t kLabelAt = 16;

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
  std::uint16_t alert = engine::kNone;
  std::uint16_t rev = 0;
  engine::EventKind kind{};
  engine::Level level{};
  engine::Instant at = 0;
  engine::Instant raised_at = 0;
  bool operator==(const Identity&) const = default;
};
}  // namespace

/// One recovery. Lives for its duration only.
class Core::Replay {
 public:
  explicit Replay(Core& core) : core_{core} {}

  /// @returns why the daemon cannot start, or empty.
  std::string run() {
    look_at_books_();
    if (auto error = check_label_(); !error.empty()) return error;
    if (!restore_()) {
      core_.recovery_.fresh = core_.journal_->first_instant() == engine::kNever;
      if (core_.recovery_.fresh) return {};
      core_.start_engine_(core_.journal_->first_instant());
    }
    compares_ = compares_ && after_ + 1 >= ruled_from_;
    if (auto error = load_stored_events_(); !error.empty()) return error;
    const auto outcome = core_.journal_->read_batches(after_, [&](const journal::StoredBatch& batch) {
      replay_(batch);
      return true;
    });
    if (outcome) return outcome->text;
    if (compares_ && next_ < stored_.size()) differ_("missing", stored_.size() - next_);
    return {};
  }

 private:
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

  void look_at_books_() {
    bool any = false;
    std::uint64_t newest = 0;
    const auto outcome = core_.journal_->read_images([&](const journal::StoredImage& image) {
      any = true;
      newest = image.image_hash;
      ruled_from_ = image.from_batch;
      return true;
    });
    // A damaged old image does not matter: the config's own is what rules now.
    if (outcome) LogLine(Severity::warning, "self_check").field("what", "stored image").field("error", outcome->text);
    core_.recovery_.book_changed = any && newest != core_.image().book_hash;
    compares_ = any && !outcome && !core_.recovery_.book_changed;
  }

  bool restore_() {
    for (const auto& checkpoint : core_.journal_->checkpoints()) {
      if (checkpoint.engine_version != engine::kEngineVersion)
        compares_ = false;  // another engine may say other things
      if (checkpoint.image_hash != core_.image().book_hash || checkpoint.engine_version != engine::kEngineVersion)
        continue;
      const std::span<const std::byte> bytes{checkpoint.bytes};
      if (!is_ours_(bytes)) continue;
      const auto error = core_.engine_->restore(bytes.subspan(kCheckpointHeaderBytes));
      if (error != engine::RestoreError::none) {
        LogLine(Severity::warning, "checkpoint_refused")
            .field("batch", checkpoint.batch_id)
            .field("code", static_cast<int>(error));
        continue;
      }
      core_.started_ = true;
      core_.recovery_.from_checkpoint = true;
      after_ = checkpoint.batch_id;
      events_before_ = get(bytes.subspan(kEventsAt));
      return true;
    }
    return false;
  }

  std::string load_stored_events_() {
    if (!compares_) return {};
    const auto outcome = core_.journal_->read_alerts(events_before_, [&](const journal::StoredAlert& alert) {
      const auto record = wire::decode_alert(alert.bytes);
      Identity identity;
      if (record) {
        identity = {core_.image().find_alert(record->name),
                    record->rev,
                    record->kind,
                    record->level,
                    record->at,
                    record->raised_at};
      }
      stored_.push_back(identity);
      return true;
    });
    return outcome ? outcome->text : std::string{};
  }

  void replay_(const journal::StoredBatch& batch) {
    ++core_.recovery_.batches;
    wire::JournalBatchReader reader;
    if (!reader.open(batch.bytes)) {
      differ_("unreadable batch", 1);
      return;
    }
    for (std::size_t index = 0; index < reader.count(); ++index) {
      wire::JournalItem item;
      ++core_.recovery_.items;
      if (reader.item(index, item)) {
        step_(item);
      } else {
        differ_("unreadable item", 1);
      }
    }
  }

  void step_(const wire::JournalItem& item) {
    engine::Input input;
    if (wire::bind(item.input, core_.image(), item.clock, input) != wire::Refusal::none) {
      if (compares_) differ_("refused input", 1);  // under another book this is what is to be expected
      return;
    }
    input.received = item.clock;
    const auto disposition = core_.engine_->step(input);
    const bool ours = item.input.kind == engine::InputKind::clock && item.principal == 0;
    if (compares_ && !ours && disposition != item.disposition) differ_("disposition", 1);
    while (core_.engine_->next_event(core_.event_)) compare_();
  }

  void compare_() {
    ++core_.recovery_.events;
    if (!compares_) return;
    const auto& event = core_.event_;
    const Identity raised{event.alert, event.rev, event.kind, event.level, event.at, event.raised_at};
    if (next_ >= stored_.size() || !(stored_[next_] == raised)) differ_("event", 1);
    ++next_;
  }

  void differ_(const char* what, std::size_t count) {
    core_.recovery_.differences += count;
    if (core_.recovery_.differences > count) return;  // the first one says where to look
    LogLine(Severity::warning, "self_check")
        .field("what", what)
        .field("batch", after_ + core_.recovery_.batches)
        .field("event_number", events_before_ + next_ + 1)
        .field("meaning", "the replay does not equal what is stored; the stored alert events hold");
  }

  Core& core_;
  bool compares_ = false;            ///< the tail was written under this book by this engine
  std::uint64_t after_ = 0;          ///< last batch that the checkpoint includes
  std::uint64_t events_before_ = 0;  ///< alert events that the checkpoint includes
  std::uint64_t ruled_from_ = 0;     ///< first batch under the newest stored book
  std::vector<Identity> stored_;
  std::size_t next_ = 0;
};

std::string Core::recover_() {
  Replay replay{*this};
  if (auto error = replay.run(); !error.empty()) return error;
  for (const auto& mark : journal_->feed_marks()) {
    const auto index = image().find_feed(mark.feed);
    if (index != engine::kNone) feeds_[index] = {true, false, mark.mark, mark.reports};
  }
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
  // From here the new book rules: the next start must find its state, not replay all under it again.
  if (recovery_.book_changed && started_) return store_checkpoint();
  return {};
}

std::string Core::store_image_() {
  const auto outcome = journal_->store_image(image().book_hash, image_file_.bytes());
  return outcome ? outcome->text : std::string{};
}

void Core::save_checkpoint(std::uint64_t batch_id, journal::StoredCheckpoint& out) {
  const auto saved = engine_->save();
  out.batch_id = batch_id;
  out.image_hash = image().book_hash;
  out.engine_version = engine::kEngineVersion;
  out.bytes.clear();
  out.bytes.reserve(kCheckpointHeaderBytes + saved.size());
  put(out.bytes, kCheckpointMagic);
  put(out.bytes, next_alert_ - 1);
  put(out.bytes, static_cast<std::uint64_t>(config_.label));
  out.bytes.insert(out.bytes.end(), saved.begin(), saved.end());
  items_since_checkpoint_ = 0;
}
}  // namespace tocsin::daemon
