// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Journal: the durable log of all that was received and all that was said, in one SQLite file.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/engine/base/types.hpp"
#include "tocsin/journal/verify.hpp"
#include "tocsin/wire/batch_codec.hpp"

namespace tocsin::journal {
/// What went wrong, in words fit for an operator (what, where, how to mend), and SQLite's extended result code (0: not
/// SQLite). After a fatal one every later write is refused with the same error: whether the failed write is on the disk
/// is unknown, so end the process without an acknowledgement and recover by opening again.
struct JournalError {
  std::string text;
  int code = 0;
  bool fatal = false;
};
/// Empty when all went well.
using Outcome = std::optional<JournalError>;

/// One alert event: its number and its encoded bytes (schemas/alert.fbs). The bytes are the caller's: they must live
/// until commit() returns, and when read they are 8-byte aligned and valid during the visit.
struct StoredAlert {
  std::uint64_t number = 0;
  engine::Instant at = 0;
  std::span<const std::byte> bytes;
};

/// Something an operator did. As with alerts, the texts are the caller's.
struct Act {
  engine::Instant at = 0;
  std::string_view principal;  ///< who did it
  std::string_view kind;       ///< one word: acknowledge, shelve, unshelve, reload, believe, import
  std::string_view text;       ///< at most kActTextMax bytes; the rest is cut off
};
inline constexpr std::size_t kActTextMax = 1024;

/// How far a durable consumer has come: it has taken the alert events up to this number. Or a mark: any number the
/// daemon keeps under a name, such as how far a publisher's messages have come; 0 leaves it as it was.
struct Cursor {
  std::string_view consumer;
  std::uint64_t number = 0;
  bool is_mark = false;  ///< stored as it is: not bound by the newest alert event, and may go back
};

enum class GapKind : std::uint8_t {
  broadcast = 1,  ///< messages a publisher sent that never came: first and last are its sequence numbers
  shed = 2,       ///< inputs that retention removed because the disk's bound was near: first and last are batches
};

/// Something that is known to be missing. `first` and `last` are missing, too.
struct Gap {
  engine::Instant at = 0;   ///< the clock when it was found
  std::string_view source;  ///< the feed or publisher; empty for shed
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  GapKind kind = GapKind::broadcast;
};

/// An operator act or a gap: they share one count, in the order in which they were stored.
struct Note {
  std::uint64_t number = 0;
  bool is_gap = false;
  Act act;  ///< unless is_gap
  Gap gap;  ///< if is_gap
};

/// Longest sample of a rejected input that is kept [bytes]; the rest is cut off.
inline constexpr std::size_t kSampleBytesMax = 240;

/// Refusals by principal and reason: in a CommitBatch those since the last commit, from rejections() those of all time.
struct RejectionRow {
  std::string principal;
  std::uint8_t reason = 0;  ///< a wire::Refusal
  std::uint64_t count = 0;
  std::string sample;            ///< the first one's, at most kSampleBytesMax
  engine::Instant first_at = 0;  ///< out only: the engine's clock of the commit that first counted one
};

/// One transaction: inputs with their disposition, the alert events they led to, marks and counts. All that the spans
/// and views point to must live until commit() returns.
struct CommitBatch {
  std::span<const wire::JournalItem> items;
  std::span<const StoredAlert> alerts;
  std::span<const RejectionRow> rejections;
  engine::Instant clock = 0;  ///< the engine's clock after the batch
  std::span<const Act> acts;
  std::span<const Cursor> cursors;
  std::span<const Gap> gaps;  ///< kind broadcast only
  /// The engine's first instant, once it is known; kNever: not (yet). It never changes in a journal's life.
  engine::Instant first_instant = engine::kNever;
};

/// How far one feed has come. A feed is listed once it sent something with a sequence number.
struct FeedMark {
  std::string feed;
  std::uint64_t mark = 0;     ///< highest seq stored, but for inputs refused as full
  std::uint64_t reports = 0;  ///< reports stored with the disposition taken
};

struct StoredBatch {
  std::uint64_t id = 0;
  engine::Instant clock = 0;
  std::uint32_t items = 0;       ///< inputs in the batch
  std::vector<std::byte> bytes;  ///< wire::JournalBatchReader reads it
};

struct StoredCheckpoint {
  std::uint64_t batch_id = 0;  ///< the last batch it includes
  std::uint64_t image_hash = 0;
  std::uint32_t engine_version = 0;
  std::vector<std::byte> bytes;
  /// The first batch that whoever starts from it may still want to read (the first report since the engine's base), at
  /// most batch_id + 1. Retention removes nothing from there on. 0: batch_id + 1.
  std::uint64_t first_needed_batch = 0;
};

struct StoredImage {
  std::uint64_t image_hash = 0;
  std::uint64_t from_batch = 0;  ///< the first batch it ruled (or would have: a later image may say the same)
  std::vector<std::byte> bytes;
};

struct OpenOptions {
  bool read_only = false;  ///< for tools on a stopped daemon's file: never makes or changes the journal
  std::string vfs;         ///< empty: SQLite's default. Tests give a fault-injecting one (not read-only).
  /// The WAL is moved into the file by the commit that fills so many pages of it (4096 bytes each).
  std::uint32_t wal_pages_max = 4000;
  std::uint32_t max_page_count = 0;  ///< bound of the file [pages of 4096 bytes]; 0: no bound
  /// Inputs older than this may be removed [ms, by the engine's clock]; 0: age alone removes nothing.
  engine::Span retain_age_ms = 0;
  /// Inputs may be removed, oldest first, while the file holds more than this [bytes]; 0: no such limit.
  std::uint64_t retain_bytes = 0;
  /// Path of the key file (README.md); empty: that of the journal with ".key" behind it. A new journal makes it when it
  /// is not there; for an old one that is an error. Opened for reading only, the journal does without.
  std::string keys;
  std::uint32_t cache_pages = 128;  ///< SQLite's page cache [pages of 4096 bytes]
};

/// For status: how large the journal is and how far back it goes.
struct JournalState {
  std::uint64_t pages = 0;         ///< of the file [4096 bytes each]
  std::uint64_t free_pages = 0;    ///< of these, those that hold nothing now
  std::uint64_t page_bound = 0;    ///< 0: no bound
  std::uint64_t wal_pages = 0;     ///< waiting in the WAL
  std::uint64_t first_batch = 0;   ///< the oldest that is still there; 0: none
  std::uint64_t first_alert = 0;   ///< likewise
  std::uint64_t gone_alert = 0;    ///< all alert events up to this one were removed, never the last; 0: none was
  std::uint64_t signed_batch = 0;  ///< the newest signed head speaks of this batch; 0: none was signed yet
  std::uint64_t shed_batches = 0;  ///< removed because the disk's bound was near
};

enum class BackupState : std::uint8_t {
  more,    ///< call backup_step() again
  done,    ///< the copy is whole, was read back, and is durable
  failed,  ///< see error; the unfinished copy was removed
};
struct BackupStep {
  BackupState state = BackupState::more;
  std::uint64_t pages_left = 0;  ///< to copy or to read back, as far as is known
  JournalError error;
};

struct KeysTrouble {
  std::string text;      ///< what is wrong and how to mend it; empty: nothing is known to be
  bool certain = false;  ///< the journal would not be opened for writing; else it may be, and the text says on what
};
/// Whether the key file that the options name is that of the journal there, if there is one. Changes nothing and takes
/// no lock, so that it may be asked while a daemon runs on it. What keeps either from being read is not told here.
[[nodiscard]] KeysTrouble look_at_keys(const std::string& path, const OpenOptions& options);

/// The journal. One owner, one thread; holds the file exclusively (a second writer is refused when opening).
/// A `visit` function may call the journal's reading functions, but not the one that called it and none that writes.
class Journal {
 public:
  /// Opens or creates the file (WAL, synchronous FULL) and brings its schema up to date.
  /// @returns nothing and sets `error` when it cannot be opened, is held by another process, is no journal or was
  ///          written by a newer version; the file is then unchanged.
  [[nodiscard]] static std::unique_ptr<Journal> open(const std::string& path, const OpenOptions& options,
                                                     JournalError& error);
  Journal() = default;
  virtual ~Journal() = default;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  Journal(Journal&&) = delete;
  Journal& operator=(Journal&&) = delete;

  /// Writes everything in one transaction and returns after it is durable. The batch gets the id last_batch_id() + 1,
  /// unless it has neither items, alerts, acts nor gaps: then only its counts, cursors and first instant are stored.
  /// @error  alert numbers that do not go on from last_alert_number() by one; another first instant than the stored
  /// one;
  ///         a full disk; input/output. Nothing of the batch is stored and the journal can be used on, unless the error
  ///         is fatal (a sync failed).
  [[nodiscard]] virtual Outcome commit(const CommitBatch& batch) = 0;
  /// Stores a checkpoint that includes all batches up to its batch_id; the older of the two slots is overwritten.
  /// @error  as commit(); also a batch_id beyond last_batch_id().
  [[nodiscard]] virtual Outcome store_checkpoint(const StoredCheckpoint& checkpoint) = 0;
  /// Stores the rule image that rules from the next batch on, unless the newest stored one is the same.
  [[nodiscard]] virtual Outcome store_image(std::uint64_t image_hash, std::span<const std::byte> image) = 0;

  /// Checkpoints whose CRC holds, newest first (0..2).
  [[nodiscard]] virtual std::vector<StoredCheckpoint> checkpoints() = 0;
  /// Calls `visit` for each batch with id > `after`, oldest first, until it returns false.
  /// @error  a batch whose CRC does not hold or that is missing between two others, named by its id; all before it
  ///         were visited, it and those after it were not.
  [[nodiscard]] virtual Outcome read_batches(std::uint64_t after,
                                             const std::function<bool(const StoredBatch&)>& visit) = 0;
  /// Calls `visit` for each alert event with number > `after`, oldest first, until it returns false.
  /// @error  as read_batches(), naming the alert event's number.
  [[nodiscard]] virtual Outcome read_alerts(std::uint64_t after,
                                            const std::function<bool(const StoredAlert&)>& visit) = 0;
  /// Calls `visit` for each rule image, oldest first, until it returns false. Several may share from_batch: the last
  /// of them ruled.
  /// @error  an image whose CRC does not hold, named by its first batch.
  [[nodiscard]] virtual Outcome read_images(const std::function<bool(const StoredImage&)>& visit) = 0;
  /// Calls `visit` for each operator act, oldest first, until it returns false. Its texts are valid during the visit.
  /// @error  as read_alerts().
  [[nodiscard]] virtual Outcome read_acts(const std::function<bool(const Act&)>& visit) = 0;
  /// Calls `visit` for each gap, oldest first but for the one of what retention shed, which comes first.
  /// @error  as read_alerts().
  [[nodiscard]] virtual Outcome read_gaps(const std::function<bool(const Gap&)>& visit) = 0;
  /// Calls `visit` for each act and gap with a number > `after`, oldest first, until it returns false. What retention
  /// shed is none of them.
  /// @error  as read_alerts().
  [[nodiscard]] virtual Outcome read_notes(std::uint64_t after, const std::function<bool(const Note&)>& visit) = 0;
  /// How far a durable consumer has come; 0 when it is not known.
  [[nodiscard]] virtual std::uint64_t cursor(std::string_view consumer) = 0;
  /// The durable consumers that are known.
  [[nodiscard]] virtual std::vector<std::string> consumers() = 0;
  /// By name.
  [[nodiscard]] virtual std::vector<FeedMark> feed_marks() = 0;
  /// By principal's number, then reason.
  [[nodiscard]] virtual std::vector<RejectionRow> rejections() = 0;
  /// 0 for an empty journal; the first batch is 1.
  [[nodiscard]] virtual std::uint64_t last_batch_id() = 0;
  /// 0 for an empty journal; the first alert event is 1.
  [[nodiscard]] virtual std::uint64_t last_alert_number() = 0;
  /// 0 when there is neither an act nor a gap; the first is 1.
  [[nodiscard]] virtual std::uint64_t last_note_id() = 0;
  /// The engine's clock after the last batch, or kNever for an empty journal.
  [[nodiscard]] virtual engine::Instant last_clock() = 0;
  /// The first instant of the engine that wrote this journal, or kNever before a commit told it.
  [[nodiscard]] virtual engine::Instant first_instant() = 0;
  /// Number of a principal's name in this journal, from 1 (made when new; durable with the next commit). 0, "nobody",
  /// for an empty name, for a new one in a read-only journal, and when all 65 535 numbers are taken.
  [[nodiscard]] virtual std::uint16_t principal_id(std::string_view name) = 0;
  /// The name behind a number; empty when there is none. Valid as long as the journal.
  [[nodiscard]] virtual std::string_view principal_name(std::uint16_t id) const = 0;
  [[nodiscard]] virtual JournalState state() = 0;
  /// What was found damaged when it was opened, and went on without: in words for an operator; empty: nothing.
  [[nodiscard]] virtual const std::string& notice() const = 0;

  /// Removes some of the oldest inputs when there are too many by age, size or the bound (from 80% of it on), and the
  /// oldest alert events when nothing else is left to remove. Call it between commits: it does nothing until a stride
  /// is worth its sync, and then about twice as much as was committed since. Never removes what a checkpoint needs.
  /// @param now  the engine's clock.
  /// @error  as commit(); what could not be removed is tried again at the next call.
  [[nodiscard]] virtual Outcome retain(engine::Instant now) = 0;
  /// Whether retain() would remove more if there were a newer checkpoint. Store one then.
  [[nodiscard]] virtual bool wants_checkpoint() const = 0;
  /// Signs the newest batch, unless it is signed already. For a clean stop; closing does it too, but cannot report.
  [[nodiscard]] virtual Outcome sign_head() = 0;
  /// The newest signed head. After an error `head` is as it was.
  /// @error  it cannot be read, is missing, or is damaged: its signature does not hold.
  [[nodiscard]] virtual Outcome head(SignedHead& head) = 0;
  /// For a journal in trouble: makes room if it is full and does one small durable write. Empty: it is well again.
  /// @error  as commit().
  [[nodiscard]] virtual Outcome probe() = 0;

  /// Begins a copy of the journal at `path`, which must not exist, nor its -wal. One backup at a time.
  /// @error  the file exists or cannot be made; another backup is under way.
  [[nodiscard]] virtual Outcome backup_begin(const std::string& path) = 0;
  /// Copies, or afterwards reads back and verifies, about so many pages. Commits may come between steps; the copy holds
  /// all that was committed before its last page was copied. A self-contained file: it needs no WAL beside it. The keys
  /// are not in it.
  [[nodiscard]] virtual BackupStep backup_step(std::uint32_t pages) = 0;
  /// Gives an unfinished backup up and removes its file.
  virtual void backup_abort() = 0;
  /// Begins to check all that is stored: checksums, dense numbers, the chain, the signatures, SQLite's own structure.
  /// @error  the key file cannot be read, or is not this journal's.
  [[nodiscard]] virtual std::unique_ptr<Verification> verify(const VerifyOptions& options, JournalError& error) = 0;
};
}  // namespace tocsin::journal
