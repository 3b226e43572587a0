// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Core: the daemon without its sockets. Identity, engine, journal and clock; what is decided, stored and told.
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
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
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/batch_codec.hpp"
#include "tocsin/wire/control_codec.hpp"

namespace tocsin::daemon {
class Alarms;
class Authority;
class Successor;
struct Book;
struct BookChange;
struct Rights;
struct RuleReach;
struct Said;
struct Shelf;
class Shelves;
enum class ShelfEnd : std::uint8_t;

/// Bytes of frames that one commit takes: what the config says, else what suits the size of the book's engine: 64 KiB
/// up to 1 MiB (`tocsin compile --target edge`), 192 KiB above.
[[nodiscard]] std::size_t batch_bytes(const BoundsConfig& bounds, const engine::Image& image);

/// Who speaks: the name in counts and in the journal, and what it may do.
struct Principal {
  std::string name;
  std::uint16_t journal_id = 0;
  const Rights* rights = nullptr;  ///< of the core's Authority; null: it may do all
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
  done = 1,     ///< durable: acknowledge and publish
  trouble = 2,  ///< nothing of it is stored; the core goes on in memory until recover_again()
  fatal = 3,    ///< whether it is stored is unknown: end the process and recover
};

/// What to answer who asked for something that Core::keep() did not take.
inline constexpr const char* kNoRoomText = "no room in this batch, or the journal is in trouble; ask again in a moment";

/// Messages of a publisher that never came, or could not be kept: `first` to `last`.
struct LostFrames {
  std::uint32_t socket = 0;  ///< on which they were to come: each has numbers of its own
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t untold = 0;  ///< of them, those that the publisher's feeds were not told of before
};

/// An alert that an operator wants to put aside.
struct ShelfWish {
  std::string_view alert;    ///< an alert or linkage of the book
  engine::Span span_ms = 0;  ///< for so long, up to Config::shelve_max_ms
  bool until_clear = false;  ///< and no longer than until it clears
  std::string_view why;      ///< at most kShelfWhyMax bytes
};

/// Hears of alert events the moment they are decided. Called on the core's thread; must not call the core.
class AlertListener {
 public:
  virtual ~AlertListener() = default;
  /// An event that the next commits make durable, or not.
  /// @param context  as it will be stored, but without a number. Valid during the call.
  virtual void decided(const engine::AlertEvent& event, const wire::AlertContext& context) = 0;
  /// An event that no commit will store, encoded. The announcement's bytes are valid during the call.
  virtual void unjournaled(const Announcement& announcement) = 0;
};

/// Asked again and again while something takes long. @returns false to end it.
using GoOn = std::function<bool()>;

/// The one engine with what it decided. One owner, one thread. Order of use: open(); then take() and advance() any
/// number of times while has_room(). One batch fills; seal() hands it out to be committed by whoever has the journal,
/// and settle() tells what became of it. commit() is all of that at once.
///
/// When a commit fails and the journal may heal, the core goes on in memory: what it raises goes to the listener, is
/// not journaled and has no number, and nothing fills. recover_again() throws that state away.
class Core {
 public:
  /// @param config, machine  outlive the core.
  Core(const Config& config, const MachineClock& machine);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// Loads the image, opens the journal (held exclusively from then on) and recovers. @returns what is wrong, with the
  /// mend, or empty. @param vfs  a fault-injecting one in tests; empty: SQLite's default. @param go_on  asked between
  /// the batches that are stepped over; false ends the start, with an error, and leaves the journal as it is.
  [[nodiscard]] std::string open(const std::string& vfs = {}, const GoOn& go_on = {});
  [[nodiscard]] const Recovery& recovery() const { return recovery_; }

  /// What each principal may do. @pre open() worked.
  [[nodiscard]] Authority& authority() { return *authority_; }
  /// Who is behind a User-Id of the ZAP thread; null: nobody (any more), take nothing from there. No heap.
  [[nodiscard]] const Principal* principal_of(std::string_view user_id) const;
  /// By name; one that neither the config nor an endpoint names may do all. @pre nobody else has the journal.
  [[nodiscard]] Principal principal(const std::string& name);
  /// The daemon's own alarms: `clock`, `journal`, `self_check` and what others raise.
  [[nodiscard]] Alarms& alarms() { return *alarms_; }
  /// An operator vouches for the machine's clock as it runs now.
  void believe() { engine_clock_.believe(); }
  /// The machine's clock minus the engine's when it was last read [ms].
  [[nodiscard]] engine::Span clock_away_ms() const { return engine_clock_.away_ms(); }

  /// @param listener  outlives the core, or null.
  void listen(AlertListener* listener) { listener_ = listener; }

  /// @{ One batch fills at a time.
  [[nodiscard]] bool has_room() const { return batch().has_room(); }
  /// Copies a received frame into aligned storage that lives as long as its batch and verifies it.
  /// @returns false, counted as malformed, when it is no batch of inputs.
  [[nodiscard]] bool read_frame(std::span<const std::byte> bytes, const Principal& principal,
                                wire::BatchReader& reader);
  /// Decides every item of a frame; those that are refused are counted and appended to `refused`.
  /// @param received  when: read_clock() of now or of a moment ago.
  void take(const wire::BatchReader& reader, const Principal& principal, engine::Instant received,
            std::vector<wire::RefusedItem>& refused);
  void take(const wire::BatchReader& reader, const Principal& principal, std::vector<wire::RefusedItem>& refused) {
    take(reader, principal, read_clock(), refused);
  }
  /// What the engine's clock shows; kNever when the input gives the clock.
  [[nodiscard]] engine::Instant read_clock();
  /// Counts the refusal of a whole frame.
  void count_refusal(const Principal& principal, wire::Refusal reason, std::string_view sample);
  /// Lets time pass: with the system clock, decides what is due by now.
  void advance();
  /// How long until something is due [ms], at most `most`; 0 when overdue.
  [[nodiscard]] engine::Span until_due(engine::Span most);
  /// The one that fills, and its number, 0 or 1.
  [[nodiscard]] const Batch& batch() const { return slabs_[filling_]; }
  [[nodiscard]] std::size_t slab() const { return filling_; }
  /// Frees the storage of frames of which nothing is kept. @pre the filling batch is empty.
  void clear_batch() { slabs_[filling_].clear(); }
  /// @{ What an operator did, how far a consumer came, what is missing. @returns false when this batch has no room.
  [[nodiscard]] bool keep(journal::Act act);
  [[nodiscard]] bool keep(const journal::Cursor& cursor);
  /// @}
  /// Frames of a publisher that never came: journaled as a gap, and told by the alerts whose rules use its feeds.
  void lose(const Principal& publisher, const LostFrames& frames);
  /// @}

  /// @{ And one is in flight.
  /// Takes the filling batch and the refusals since the last one out to be stored; the other slab fills from now on.
  /// What `commit` points to stays as it is until settle(). @pre not in_flight(), not in_trouble().
  /// @returns false when there is nothing to store.
  [[nodiscard]] bool seal(journal::CommitBatch& commit);
  [[nodiscard]] bool in_flight() const { return in_flight_; }
  /// The batch in flight. @pre in_flight().
  [[nodiscard]] const Batch& sealed() const { return slabs_[1 - filling_]; }
  /// What became of the commit. When it is done, sealed() is still there to be published until release().
  /// @param last_batch  the journal's last_batch_id() after it.
  [[nodiscard]] CommitResult settle(const journal::Outcome& outcome, std::uint64_t last_batch);
  /// Lets the batch in flight go.
  void release();
  /// seal(), commit, settle() and release() here and now. For tools, tests and the start. @pre not in_flight(); nobody
  /// else has the journal.
  [[nodiscard]] CommitResult commit();
  /// True when seal() has something to store.
  [[nodiscard]] bool has_uncommitted() const { return !batch().empty() || refusals_.has_uncommitted(); }
  /// @}

  /// @{ Journal trouble.
  /// True from a failed commit to recover_again().
  [[nodiscard]] bool in_trouble() const { return !journal_error_.empty(); }
  [[nodiscard]] const std::string& journal_error() const { return journal_error_; }
  /// What is stored is unknown: the log says why, and each commit from now on ends in fatal. @pre error.fatal.
  void give_up(const journal::JournalError& error);
  /// The journal is well again: forgets all that was decided in memory only, and recovers from the journal as open()
  /// does. @pre in_trouble(), and nobody else has the journal. @param go_on  as open(). @param change  if given,
  /// what a change of book said that could not be stored before: tell it. @returns why
  /// it did not work (the core is then of no use any more), or empty: then it did, unless in_trouble() again.
  [[nodiscard]] std::string recover_again(const GoOn& go_on = {}, BookChange* change = nullptr);
  /// @}

  /// @{ Checkpoints.
  /// True when so many reports came since the last checkpoint as the config says, or the journal asked for one.
  /// Never before the first line: the engine has no state then, or one that was thrown away when the journal healed.
  [[nodiscard]] bool checkpoint_due() const {
    return started_ && items_since_checkpoint_ >= config_.checkpoint_reports;
  }
  void want_checkpoint() { items_since_checkpoint_ = config_.checkpoint_reports; }
  /// A checkpoint of all that was decided so far. @pre something was. @param batch_id  the batch that holds the newest
  /// of it.
  void save_checkpoint(std::uint64_t batch_id, journal::StoredCheckpoint& out);
  /// Stores one here and now. @pre as commit(), and the batch is empty. @returns an error text or empty.
  [[nodiscard]] std::string store_checkpoint();
  /// True when there are refusals that no commit has stored yet.
  [[nodiscard]] bool has_uncommitted_refusals() const { return refusals_.has_uncommitted(); }
  /// @}

  /// @{ Another book (reload.hpp).
  /// Lets a warmed successor rule from here on. Between two lines: @pre not in_flight(), the filling batch is empty,
  /// not in_trouble(), and nobody else has the journal.
  /// @param who  the principal that asked for it, for the journal. @returns why it was refused, the old book going on
  ///   as if nothing had happened; or empty. in_trouble() may be true afterwards, as after a failed commit.
  [[nodiscard]] std::string change_book(Successor& successor, std::string_view who, BookChange& change);
  /// True when the image file's book is not the one that rules: it was reloaded by control.
  [[nodiscard]] bool rules_from_journal() const { return rules_from_journal_; }
  /// The image file was read again and has the book that rules: the next commit stores that. @returns false, nothing
  /// having changed, when the batch has no room for it. @pre not in_trouble().
  [[nodiscard]] bool found_in_file();
  /// @}

  /// @{ Alerts put aside (shelves.hpp). What is shelved is decided, stored and told as ever, and marked.
  /// Shelves a raised alert up to the level it has, in the place of a shelf it is on. @returns why not, or empty: the
  /// act is in the filling batch. @param who  the principal that asked.
  [[nodiscard]] std::string shelve(const ShelfWish& wish, std::string_view who);
  /// Takes it back. @returns why not, or empty, as shelve().
  [[nodiscard]] std::string unshelve(std::string_view alert, std::string_view note, std::string_view who);
  /// An event of this alert was acknowledged: that its shelf ended need not be told any longer.
  void acknowledge_shelf(std::string_view alert);
  /// Some shelf ended by itself, the alert is raised, and nobody acknowledged that yet.
  [[nodiscard]] bool has_ended_shelves() const;
  /// Null when nobody shelved it. Valid until the next call of any of these.
  [[nodiscard]] const Shelf* shelf(std::string_view alert) const;
  /// Ends what its time or its alert's state ends. Call now and then, and after each decision.
  void watch_shelves();
  /// @}

  /// @{ Answers to control requests.
  /// The mark of a feed; afterwards its next report may lie any distance above it. Nothing for an unknown feed.
  [[nodiscard]] std::optional<wire::FeedStatus> hello(std::string_view feed, bool may_jump = true);
  /// As read_alerts() (audience.hpp), here and now, for one who may see all. @pre nobody else has the journal.
  [[nodiscard]] std::string alerts_since(std::uint64_t since, std::size_t limit, wire::ControlReply& reply);
  /// What a rule rests on at an instant, and the image to read it with. @returns an error with the mend, or empty.
  [[nodiscard]] std::string why(const wire::ControlRequest& request, wire::ControlReply& reply);
  /// Everything of a status report but what only the sockets know.
  void fill_status(wire::StatusReport& status);
  /// @}

  [[nodiscard]] const engine::Image& image() const { return image_file_.image(); }
  [[nodiscard]] const engine::Engine& engine() const { return *engine_; }
  /// Number of the newest committed alert event; 0: none.
  [[nodiscard]] std::uint64_t newest_alert() const { return committed_alert_; }
  /// Number of the newest committed batch; 0: none.
  [[nodiscard]] std::uint64_t last_batch() const { return committed_batch_; }
  /// One thread at a time.
  [[nodiscard]] journal::Journal& journal() { return *journal_; }
  /// The engine's clock, or 0 before the first input.
  [[nodiscard]] engine::Instant batch_clock() const { return started_ ? engine_->clock() : 0; }
  /// The clock that people go by: the engine's stands still between inputs. 0 before the engine is started.
  [[nodiscard]] engine::Instant wall();
  [[nodiscard]] std::size_t engine_bytes() const { return block_bytes_; }
  /// Raises or ends the alarm `clock`. Call now and then.
  void watch_clock();
  /// Takes the feeds' rates. @param passed_ms  since the last call.
  void take_rates(std::int64_t passed_ms);

 private:
  struct FeedState {
    bool any = false;
    bool jump_allowed = false;
    std::uint64_t mark = 0;
    std::uint64_t reports = 0;
    std::uint64_t rejected = 0;
    std::array<std::uint64_t, wire::kRefusals> rejected_by{};
    std::uint64_t lost = 0;                    ///< frames of its publishers
    engine::Instant lost_at = engine::kNever;  ///< when the newest gap was found
    double rate = 0;                           ///< reports per second
    std::uint64_t counted = 0;                 ///< reports that are in the rate
    std::optional<engine::Span> lag_ms;        ///< of the newest report: received less its time; none since the start
    double mean_lag_ms = 0;                    ///< over about the last sixteen
  };
  class Replay;

  void exchange_(Book& book) noexcept;
  [[nodiscard]] std::string tell_change_(const Book& old, std::span<const Said> said, std::string_view who,
                                         BookChange& change);
  [[nodiscard]] std::string store_change_(std::span<const journal::StoredAlert> alerts, std::uint64_t was,
                                          std::string_view who);
  [[nodiscard]] std::array<journal::Cursor, 2> book_marks_() const;
  [[nodiscard]] journal::Outcome store_book_marks_();
  void find_feeds_();
  void keep_counts_(const engine::Image& book, std::span<const FeedState> before);
  void note_batch_(std::uint64_t batch_id, engine::Instant clock);
  [[nodiscard]] std::uint64_t first_needed_batch_() const;

  [[nodiscard]] std::string map_block_();
  [[nodiscard]] std::string recover_(const GoOn& go_on, BookChange& change);
  [[nodiscard]] std::string rule_from_here_(Replay& replay, BookChange& change);
  [[nodiscard]] std::string store_image_();
  void start_engine_(engine::Instant first);
  /// @param now  our clock when the frame came; meaningless where the feeds bring the clock.
  [[nodiscard]] wire::Refusal decide_(const wire::InputView& view, const Principal& principal, engine::Instant now);
  [[nodiscard]] wire::Refusal examine_(const wire::InputView& view, const Principal& principal, engine::Instant now,
                                       engine::Input& input);
  [[nodiscard]] bool jumps_(const wire::InputView& view, const engine::Input& input) const;
  void keep_(const wire::InputView& view, const engine::Input& input, engine::Disposition disposition,
             std::uint16_t principal);
  void keep_clock_(engine::Instant now);
  void advance_to_(engine::Instant now);
  [[nodiscard]] std::string no_such_rule_(std::string_view name) const;
  std::size_t collect_events_();
  void keep_event_();
  void find_lost_feeds_();
  void mark_lost_(const Principal& publisher, engine::Instant at, std::uint64_t lost);
  /// What follows from the book that rules now: rights, what rules rest on, and what was lost of that.
  [[nodiscard]] std::string adopt_book_();
  [[nodiscard]] journal::Outcome try_checkpoint_();
  void fill_health_(wire::StatusReport& status);
  void tell_unjournaled_();
  void enter_trouble_(const journal::JournalError& error);
  void fill_names_(wire::StatusReport& status) const;
  void take_lag_(const engine::Input& report);
  [[nodiscard]] std::string load_shelves_();
  [[nodiscard]] bool is_shelved_(const engine::AlertEvent& event, const engine::Image& book);
  void end_shelf_(Shelf& shelf, ShelfEnd end);
  void tell_ended_shelves_();
  void fill_shelf_(wire::AlertStatus& status) const;
  [[nodiscard]] std::string no_such_alert_(std::string_view name) const;

  const Config& config_;
  EngineClock engine_clock_;
  ImageFile image_file_;
  std::byte* block_ = nullptr;
  std::size_t block_bytes_ = 0;
  std::optional<engine::Engine> engine_;
  bool started_ = false;
  std::unique_ptr<journal::Journal> journal_;
  Recovery recovery_;
  std::unique_ptr<Alarms> alarms_;
  std::unique_ptr<Shelves> shelves_;
  std::unique_ptr<Authority> authority_;
  std::vector<Principal> principals_;  ///< by Rights::index
  std::vector<FeedState> feeds_;
  std::vector<RuleReach> reaches_;                                  ///< by alert
  std::array<std::uint64_t, engine::kFeedsMax / 64> lost_feeds_{};  ///< of the event at hand
  std::array<Batch, 2> slabs_;
  std::size_t filling_ = 0;
  bool in_flight_ = false;
  AlertListener* listener_ = nullptr;
  Refusals refusals_;
  std::uint64_t committed_batch_ = 0;
  std::uint64_t committed_alert_ = 0;
  std::uint64_t next_alert_ = 1;
  std::uint64_t items_since_checkpoint_ = 0;
  /// A few batches and the engine's clock after each, oldest first: up to which batch nothing is needed any more.
  struct BatchMark {
    std::uint64_t batch = 0;
    engine::Instant clock = 0;
  };
  std::vector<BatchMark> batch_marks_;
  /// A change of book that could not be stored: which one ruled before, and who asked for it.
  struct UnstoredChange {
    std::uint64_t was = 0;
    std::string who;
  };
  std::optional<UnstoredChange> unstored_change_;
  std::uint64_t file_hash_ = 0;  ///< of the book in the image file when it was last read
  bool rules_from_journal_ = false;
  std::string journal_error_;
  bool journal_broken_ = false;             ///< a fatal error: only a new process helps
  bool gaps_kept_ = true;                   ///< the newest gap found room in the journal's batch
  engine::AlertEvent event_;                ///< about 6 KiB, reused
  std::vector<std::uint64_t> alert_arena_;  ///< where alert events are encoded
  std::vector<std::uint64_t> twin_arena_;   ///< where they are encoded as not journaled
};
}  // namespace tocsin::daemon
