// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Acks, control requests and replies (schemas/control.fbs). Host only: these allocate.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tocsin/engine/base/types.hpp"
#include "tocsin/wire/input_view.hpp"
#include "tocsin/wire/why.hpp"

namespace tocsin::wire {
/// One refused item of a frame.
struct RefusedItem {
  std::uint64_t frame = 0;
  std::uint32_t index = 0;  ///< item within the frame
  Refusal code{};
  bool retry = false;
  std::string text;
};
/// "Every frame of this connection up to `frame` is decided and durable, but for those refused."
struct Ack {
  std::uint64_t frame = 0;
  std::vector<RefusedItem> refused;
};
[[nodiscard]] std::vector<std::byte> encode_ack(const Ack& ack);
/// The same again and again without a heap, once it has grown to what is needed.
class AckWriter {
 public:
  AckWriter();
  ~AckWriter();
  AckWriter(const AckWriter&) = delete;
  AckWriter& operator=(const AckWriter&) = delete;
  /// @returns the encoded bytes, valid until the next call.
  [[nodiscard]] std::span<const std::byte> encode(std::uint64_t frame, std::span<const RefusedItem> refused);

 private:
  struct Builder;
  std::unique_ptr<Builder> builder_;
};
[[nodiscard]] std::optional<Ack> decode_ack(std::span<const std::byte> buffer);

enum class ControlKind : std::uint8_t {
  hello = 0,
  status = 1,
  alerts_since = 2,
  shutdown = 3,
  why = 4,
  ack_alerts = 5,   ///< a consumer has taken the alert events up to `number`
  acknowledge = 6,  ///< an operator has seen the alert event `number`
  log_level = 7,    ///< `text`: info, warning or error
  backup = 8,       ///< `text`: path of the copy, on the daemon's machine; asked again, by who began it: how far it is
  reload = 9,       ///< the book: `image`, or without one the file of the config
  believe = 10,     ///< an operator says that the machine's clock is right
  verify = 11,      ///< is the journal what was written? Asked again, likewise: how far it is; in the end what is wrong
  shelve = 12,      ///< an operator puts the alert `name` aside for `span_ms`, saying why (`text`)
  unshelve = 13,    ///< and takes it back
  log = 14,         ///< a page of what the journal holds: `name` says of what
};
struct ControlRequest {
  ControlKind kind{};
  std::uint64_t id = 0;     ///< echoed in the reply
  std::string feed;         ///< hello: whose mark is asked for
  std::uint64_t since = 0;  ///< alerts_since: events above this number; 0: above the consumer's cursor
  std::uint32_t limit = 0;  ///< alerts_since: at most so many; 0 means 256
  /// why: an alert, linkage or condition of the book; shelve, unshelve: an alert or linkage; log: batches, acts, gaps
  /// or rejections
  std::string name{};
  std::optional<engine::Instant> at{};  ///< why: the instant asked about; absent: the daemon's clock
  std::string consumer{};               ///< alerts_since, ack_alerts: the asker's durable cursor of this name
  std::uint64_t number = 0;             ///< ack_alerts, acknowledge: number of an alert event
  std::string text{};                   ///< acknowledge: a note; log_level, backup: see above; verify: the public key
  std::vector<std::byte> image{};       ///< reload: a rule image
  bool since_checkpoint = false;        ///< verify: only what came after the newest checkpoint
  engine::Span span_ms = 0;             ///< shelve: for so long, above 0
  bool until_clear = false;             ///< shelve: and no longer than until it clears
};
[[nodiscard]] std::vector<std::byte> encode_request(const ControlRequest& request);
[[nodiscard]] std::optional<ControlRequest> decode_request(std::span<const std::byte> buffer);

/// Refusals of one principal for one reason.
struct RefusalCount {
  std::string principal;
  Refusal reason{};
  std::uint64_t count = 0;
  std::string sample;  ///< a short printable excerpt of the newest one
};
struct FeedStatus {
  std::string name;
  std::uint64_t mark = 0;  ///< highest seq seen; meaningful when any
  bool any = false;
  std::uint64_t reports = 0;
  engine::Instant last_contact = engine::kNever;
  bool overdue = false;
  double rate = 0;                                     ///< reports per second, over about the last minute
  std::uint64_t rejected = 0;                          ///< since the start, whatever the reason
  std::uint64_t lost = 0;                              ///< messages of its publishers that never came, since the start
  std::array<std::uint64_t, kRefusals> rejected_by{};  ///< by Refusal: `rejected` taken apart
  std::optional<engine::Span> lag_ms{};       ///< received less its time, of the newest report; none since the start
  std::optional<engine::Span> mean_lag_ms{};  ///< smoothed over about the last sixteen reports
};
struct AlarmStatus {
  std::string name;
  std::string text;
  bool raised = false;  ///< false: it was, and is no more
};
struct EndpointStatus {
  std::string endpoint;
  std::uint32_t live = 0;      ///< connections now
  std::uint64_t accepted = 0;  ///< since the start, as those below
  std::uint64_t handshakes_failed = 0;
  std::uint64_t disconnected = 0;  ///< also those thrown out for a frame above the largest size
};
struct SenderStatus {
  std::string name;
  std::uint32_t credit = 0;   ///< reports that may be without an acknowledgement; 0: no bound
  std::uint32_t unacked = 0;  ///< reports that are
  std::uint64_t over_quota = 0;
};
struct GapStatus {
  std::string publisher;
  std::uint64_t lost = 0;  ///< messages, since the start
  engine::Instant last_at = engine::kNever;
};
struct NamedCount {
  std::string name;
  std::uint64_t count = 0;
};
/// The journal, as its thread last saw it.
struct JournalStatus {
  std::uint64_t bytes = 0, bytes_bound = 0, bytes_free = 0;  ///< of the file; bound 0: none; free within it
  std::uint64_t wal_bytes = 0;
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t first_batch = 0, first_alert = 0;  ///< the oldest that are still there; 0: none
  std::uint64_t signed_batch = 0;
  std::uint64_t shed_batches = 0;
  std::uint64_t commits = 0;                                  ///< since the start
  std::uint32_t commit_p50_us = 0, commit_p99_us = 0;         ///< of the last 1024
  std::uint32_t commit_max_us = 0;                            ///< since the start
  std::uint64_t checkpoint_batch = 0, checkpoint_ago_ms = 0;  ///< the last since the start; 0: none
  bool in_flight = false;                                     ///< a commit is out
};
/// An operator put an alert aside: it is told as ever, and marked.
struct ShelfStatus {
  std::string by;
  std::string why;
  engine::Instant at = 0;
  engine::Instant until = 0;     ///< it ends by itself then
  engine::Level level{};         ///< it ends when the alert rises above this
  bool until_clear = false;      ///< it ends when the alert clears
  std::string ended;             ///< it ended by itself (time, rose) and nobody acknowledged that yet; empty: it stands
  engine::Instant ended_at = 0;  ///< when it did
};
struct AlertStatus {
  std::string name;
  bool raised = false;
  engine::Level level{};
  engine::Truth when{};
  engine::Instant raised_at = 0;
  std::optional<ShelfStatus> shelf{};
};
struct TheaterStatus {
  std::string name;
  engine::Level level{};
};
struct StatusReport {
  std::string version;
  std::string site;
  std::string book_title;
  std::uint64_t book_hash = 0;
  std::uint64_t pid = 0;
  engine::Instant clock = 0;
  engine::Instant first_instant = 0;
  engine::Instant reach = 0;  ///< older news is stale now
  std::uint64_t uptime_ms = 0;
  std::uint64_t taken = 0, duplicate = 0, reused = 0, stale = 0, withdrawn = 0, not_evaluated = 0, late = 0;
  std::uint64_t batches = 0;       ///< committed
  std::uint64_t newest_alert = 0;  ///< newest event number; 0: none
  std::uint64_t resident_bytes = 0;
  std::uint64_t engine_bytes = 0;
  std::uint64_t lost_broadcast = 0;  ///< gaps in broadcast sequence numbers
  bool journal_ok = true;
  std::string journal_error;
  std::vector<TheaterStatus> theaters;
  std::vector<AlertStatus> alerts;
  std::vector<FeedStatus> feeds;
  std::vector<RefusalCount> refusals;
  std::uint64_t boot = 0;  ///< another number after every start
  engine::Span horizon_ms = 0;
  std::uint64_t finalised_early = 0;
  std::uint64_t worst_step = 0;  ///< nodes decided and samples looked at
  std::vector<std::string> saturated_indicators;
  std::vector<AlarmStatus> alarms;
  JournalStatus journal;
  std::vector<EndpointStatus> endpoints;
  std::vector<NamedCount> handshakes_refused;  ///< by reason
  std::vector<SenderStatus> senders;
  std::vector<GapStatus> gaps;
  std::uint32_t subscriptions = 0;
  std::uint64_t subscriptions_refused = 0;
  std::uint64_t acks_lost = 0;
  std::string log_level;
  std::uint32_t step_p50_ns = 0, step_p99_ns = 0;  ///< to decide an input, by the newest 1024 frames
  std::uint32_t step_max_ns = 0;                   ///< since the start
};
/// Largest request that decode_request() takes: a rule image and a little [bytes].
inline constexpr std::size_t kRequestBytesMax = 1024 * 1024;
/// Largest reply that decode_reply() takes [bytes].
inline constexpr std::size_t kReplyBytesMax = 16 * 1024 * 1024;

/// The answer to `why`: indices of the report are those of the image, which load_image() must still check.
struct WhyAnswer {
  WhyReport report;
  std::vector<std::byte> image;
};
/// What a verification of the journal found; see journal::VerifyReport.
struct VerifyAnswer {
  std::vector<std::string> faults;  ///< not all when there are many
  std::uint64_t fault_count = 0;
  std::uint64_t batches = 0, alerts = 0, notes = 0;  ///< checked
  std::uint64_t first_batch = 0;
  std::uint64_t signed_batch = 0, unsigned_batches = 0;
  bool keyed = false;
  std::string public_key;
  std::string notice;
};
/// A page of the journal (schemas/control.fbs says what each is).
struct LogAnswer {
  struct Batch {
    std::uint64_t id = 0;
    engine::Instant clock = 0;
    std::vector<std::byte> bytes;  ///< JournalBatchReader reads it, from 8-byte aligned storage
  };
  struct Act {
    std::uint64_t number = 0;
    engine::Instant at = 0;
    std::string who;
    std::string kind;
    std::string text;
  };
  struct Gap {
    std::uint64_t number = 0;  ///< 0: what retention shed
    engine::Instant at = 0;
    std::string source;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  /// The newest signed head: all that its signature covers; hashes, keys and the signature in hex.
  struct Head {
    std::uint64_t batch = 0;
    std::string chain;
    std::string signature;
    std::string public_key;
    std::string journal;
    engine::Instant at = 0;
    std::uint64_t alert = 0;  ///< the last one up to this batch
    std::uint64_t note = 0;
    std::string alert_chain;
    std::string note_chain;
  };
  std::uint64_t newest = 0;  ///< the newest there is: of batches, or of notes
  std::vector<Batch> batches;
  std::vector<Act> acts;
  std::vector<Gap> gaps;
  std::vector<RefusalCount> rejections;
  std::optional<Head> head;
};
struct ControlReply {
  std::uint64_t id = 0;
  bool ok = true;
  std::string error;       ///< when not ok: what, and how to mend it
  std::uint64_t mark = 0;  ///< hello: the feed's highest seq
  bool has_mark = false;   ///< hello: the feed has spoken before
  std::optional<StatusReport> status;
  std::vector<std::vector<std::byte>> alerts;  ///< alerts_since: encoded alert events, oldest first
  bool more = false;                           ///< alerts_since: the limit cut the list
  std::optional<WhyAnswer> why;                ///< why; whether it fits its image is for fits() to say
  bool unknown_name = false;                   ///< why, when not ok: the book has no such rule
  std::uint64_t boot = 0;                      ///< hello: another number after every start
  std::uint32_t credit = 0;                    ///< hello: reports that may be unacknowledged; 0: no bound
  std::optional<std::uint64_t> cursor;         ///< alerts_since, ack_alerts: the consumer's
  std::string text;                            ///< backup, reload, believe, verify: what was done, or how far it is
  bool done = false;                           ///< backup: the copy is whole and durable; verify: all was checked
  std::uint64_t pages_left = 0;                ///< backup; verify: about so many batches
  std::optional<VerifyAnswer> verify;          ///< verify: so far, or when done in the end
  std::optional<LogAnswer> log;                ///< log; `cursor` says from where to go on, `more` whether to
  std::uint64_t gone_first = 0;                ///< alerts_since: the first asked for that the journal's bound removed
  std::uint64_t gone_last = 0;                 ///< and the last, which the oldest still there follows; 0: none is gone
};
[[nodiscard]] std::vector<std::byte> encode_reply(const ControlReply& reply);
[[nodiscard]] std::optional<ControlReply> decode_reply(std::span<const std::byte> buffer);
}  // namespace tocsin::wire
