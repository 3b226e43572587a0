// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Acks, control requests and replies (schemas/control.fbs). Host only: these allocate.
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

enum class ControlKind : std::uint8_t { hello = 0, status = 1, alerts_since = 2, shutdown = 3, why = 4 };
struct ControlRequest {
  ControlKind kind{};
  std::uint64_t id = 0;                 ///< echoed in the reply
  std::string feed;                     ///< hello: whose mark is asked for
  std::uint64_t since = 0;              ///< alerts_since: events with a number greater than this
  std::uint32_t limit = 0;              ///< alerts_since: at most so many; 0 means 256
  std::string name{};                   ///< why: an alert, linkage or condition of the book
  std::optional<engine::Instant> at{};  ///< why: the instant asked about; absent: the daemon's clock
};
[[nodiscard]] std::vector<std::byte> encode_request(const ControlRequest& request);
[[nodiscard]] std::optional<ControlRequest> decode_request(std::span<const std::byte> buffer);

/// Refusals of one principal for one reason.
struct RefusalCount {
  std::string principal;
  Refusal reason{};
  std::uint64_t count = 0;
  std::string sample;  ///< a short printable excerpt of the first one
};
struct FeedStatus {
  std::string name;
  std::uint64_t mark = 0;  ///< highest seq seen; meaningful when any
  bool any = false;
  std::uint64_t reports = 0;
  engine::Instant last_contact = engine::kNever;
  bool overdue = false;
};
struct AlertStatus {
  std::string name;
  bool raised = false;
  engine::Level level{};
  engine::Truth when{};
  engine::Instant raised_at = 0;
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
};
/// Largest reply that decode_reply() takes [bytes].
inline constexpr std::size_t kReplyBytesMax = 16 * 1024 * 1024;

/// The answer to `why`: indices of the report are those of the image, which load_image() must still check.
struct WhyAnswer {
  WhyReport report;
  std::vector<std::byte> image;
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
};
[[nodiscard]] std::vector<std::byte> encode_reply(const ControlReply& reply);
[[nodiscard]] std::optional<ControlReply> decode_reply(std::span<const std::byte> buffer);
}  // namespace tocsin::wire
