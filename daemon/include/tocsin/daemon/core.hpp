// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Core: the daemon without its sockets. Identity, engine, journal and clock; what is decided, stored and told.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/daemon/batch.hpp"
#include "tocsin/daemon/clock.hpp"
#include "tocsin/daemon/config.hpp"
#include "tocsin/daemon/image_file.hpp"
#include "tocsin/daemon/refusals.hpp"
#include "tocsin/engine/engine.hpp"
#include "tocsin/journal/journal.hpp"
#include "tocsin/wire/batch_codec.hpp"
#include "tocsin/wire/control_codec.hpp"

namespace tocsin::daemon {
/// Who speaks, with its rights resolved against the book.
struct Principal {
  std::string name;
  std::uint16_t journal_id = 0;
  bool all_feeds = true;
  bool all_indicators = true;
  std::vector<bool> feeds;       ///< by index in the image; empty when all
  std::vector<bool> indicators;  ///< by index in the image; empty when all
};

/// What a recovery found, for the log and for tests.
struct Recovery {
  bool fresh = false;  ///< the journal was empty
  bool from_checkpoint = false;
  bool book_changed = false;  ///< the journal was written under another book: its events are history
  std::uint64_t batches = 0;  ///< replayed
  std::uint64_t items = 0;
  std::uint64_t events = 0;       ///< raised by the replay; none is stored or published again
  std::uint64_t differences = 0;  ///< decisions or events that are not what is stored: the stored ones hold
};

/// What became of a commit.
enum class CommitResult : std::uint8_t {
  nothing = 0,  ///< there was nothing to store
  done = 1,     ///< durable: acknowledge, publish, then call clear_batch()
  retry = 2,    ///< not stored, the batch is kept: take nothing more, and commit again later
  fatal = 3,    ///< whether it is stored is unknown: end the process and recover
};

/// The one engine with its journal. One owner, one thread. Order of use: open(); then take() and advance() any number
/// of times while has_room(); commit(); when done, acknowledge and publish; clear_batch().
class Core {
 public:
  /// @param config, machine  outlive the core.
  Core(const Config& config, const MachineClock& machine);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// Loads the image, opens the journal (held exclusively from then on) and recovers. @returns what is wrong, with the
  /// mend, or empty. @param vfs  a fault-injecting one in tests; empty: SQLite's default.
  [[nodiscard]] std::string open(const std::string& vfs = {});
  [[nodiscard]] const Recovery& recovery() const { return recovery_; }

  /// A principal with the rights the config gives it; one the config does not name may do all.
  [[nodiscard]] Principal principal(const std::string& name);

  /// @{ One batch fills at a time.
  [[nodiscard]] bool has_room() const { return batch_.has_room() && !in_trouble(); }
  /// Copies a received frame into aligned storage that lives until clear_batch() and verifies it.
  /// @returns false, counted as malformed, when it is no batch of inputs.
  [[nodiscard]] bool read_frame(std::span<const std::byte> bytes, const Principal& principal,
                                wire::BatchReader& reader);
  /// Decides every item of a frame; those that are refused are counted and appended to `refused`.
  void take(const wire::BatchReader& reader, const Principal& principal, std::vector<wire::RefusedItem>& refused);
  /// Counts the refusal of a whole frame.
  void count_refusal(const Principal& principal, wire::Refusal reason, std::string_view sample);
  /// Lets time pass: with the system clock, decides what is due by now.
  void advance();
  /// How long until something is due [ms], at most `most`; 0 when overdue.
  [[nodiscard]] engine::Span until_due(engine::Span most);
  [[nodiscard]] const Batch& batch() const { return batch_; }
  /// Stores the batch and the refusals since the last one.
  [[nodiscard]] CommitResult commit();
  void clear_batch() { batch_.clear(); }
  /// @}

  /// True from a failed commit to the next that works.
  [[nodiscard]] bool in_trouble() const { return !journal_error_.empty(); }
  [[nodiscard]] const std::string& journal_error() const { return journal_error_; }
  /// True when so many reports came since the last checkpoint as the config says.
  [[nodiscard]] bool checkpoint_due() const { return items_since_checkpoint_ >= config_.checkpoint_reports; }
  /// True when there are refusals that no commit has stored yet.
  [[nodiscard]] bool has_uncommitted_refusals() const { return refusals_.has_uncommitted(); }
  /// Stores a checkpoint of what is committed. @pre the batch is empty. @returns an error text or empty.
  [[nodiscard]] std::string store_checkpoint();

  /// @{ Answers to control requests.
  /// The mark of a feed; afterwards its next report may lie any distance above it. Nothing for an unknown feed.
  [[nodiscard]] std::optional<wire::FeedStatus> hello(std::string_view feed);
  /// Committed alert events after `since`, oldest first, at most `limit` and about 256 KiB. @returns an error or empty.
  [[nodiscard]] std::string alerts_since(std::uint64_t since, std::size_t limit, wire::ControlReply& reply);
  /// What a rule rests on at an instant, and the image to read it with. @returns an error with the mend, or empty.
  [[nodiscard]] std::string why(const wire::ControlRequest& request, wire::ControlReply& reply);
  /// Everything of a status report but what only the sockets know.
  void fill_status(wire::StatusReport& status);
  /// @}

  [[nodiscard]] const engine::Image& image() const { return image_file_.image(); }
  [[nodiscard]] const engine::Engine& engine() const { return *engine_; }
  /// Number of the newest committed alert event; 0: none.
  [[nodiscard]] std::uint64_t newest_alert() const { return journal_->last_alert_number(); }
  [[nodiscard]] journal::Journal& journal() { return *journal_; }
  [[nodiscard]] std::size_t engine_bytes() const { return block_bytes_; }
  /// True when the wall clock is too far from the engine's to be followed.
  [[nodiscard]] bool wall_disbelieved() const { return engine_clock_.wall_disbelieved(); }

 private:
  struct FeedState {
    bool any = false;
    bool jump_allowed = false;
    std::uint64_t mark = 0;
    std::uint64_t reports = 0;
  };
  class Replay;

  [[nodiscard]] std::string map_block_();
  [[nodiscard]] std::string recover_();
  [[nodiscard]] std::string store_image_();
  void start_engine_(engine::Instant first);
  [[nodiscard]] engine::Instant now_(const wire::InputView& view);
  [[nodiscard]] wire::Refusal decide_(const wire::InputView& view, const Principal& principal);
  [[nodiscard]] wire::Refusal examine_(const wire::InputView& view, const Principal& principal, engine::Input& input);
  [[nodiscard]] bool jumps_(const wire::InputView& view, const engine::Input& input) const;
  void keep_(const wire::InputView& view, const engine::Input& input, engine::Disposition disposition,
             std::uint16_t principal);
  void keep_clock_(engine::Instant now);
  void advance_to_(engine::Instant now);
  [[nodiscard]] std::string no_such_rule_(std::string_view name) const;
  std::size_t collect_events_();
  void fill_names_(wire::StatusReport& status) const;

  const Config& config_;
  EngineClock engine_clock_;
  ImageFile image_file_;
  std::byte* block_ = nullptr;
  std::size_t block_bytes_ = 0;
  std::optional<engine::Engine> engine_;
  bool started_ = false;
  std::unique_ptr<journal::Journal> journal_;
  Recovery recovery_;
  std::vector<FeedState> feeds_;
  Batch batch_;
  Refusals refusals_;
  std::uint64_t next_alert_ = 1;
  std::uint64_t items_since_checkpoint_ = 0;
  std::string journal_error_;
  engine::AlertEvent event_;                ///< about 6 KiB, reused
  std::vector<std::uint64_t> alert_arena_;  ///< where alert events are encoded
};
}  // namespace tocsin::daemon
