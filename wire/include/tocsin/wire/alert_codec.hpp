// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Alert events as FlatBuffers (schemas/alert.fbs): self-contained, names as text, readable without the image.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/engine/event.hpp"
#include "tocsin/wire/input_view.hpp"

namespace tocsin::wire {
/// Largest encoded alert event [bytes].
inline constexpr std::size_t kAlertBytesMax = 24 * 1024;

/// What the program adds to the engine's event.
struct AlertContext {
  std::string_view site{};                ///< empty: absent
  std::optional<std::uint64_t> number{};  ///< `n`: dense per journal; absent when not journaled
  bool not_journaled = false;             ///< the journal is in trouble: this event is not durable
  bool history = false;                   ///< a new book says it of the time before it ruled: not notified
  bool by_book = false;                   ///< cleared because a new book lacks the rule or does not raise it
  std::optional<std::uint64_t> boot{};    ///< provisional only: the daemon's start
  bool provisional = false;               ///< not durable yet, so without a number
  bool shelved = false;                   ///< an operator had put this alert aside
  /// Feeds (bits, by index in the image; empty or kFeedsMax / 64 words) that the rule reaches and of which broadcast
  /// messages were lost.
  std::span<const std::uint64_t> lost_feeds{};
};

/// Encodes one event into `arena` without a heap.
/// @param arena  8-byte aligned scratch of at least kAlertBytesMax.
/// @returns the encoded bytes inside `arena`; empty when it did not fit (never for kAlertBytesMax).
[[nodiscard]] std::span<const std::byte> encode_alert(const engine::AlertEvent& event, const engine::Image& image,
                                                      const AlertContext& context, std::span<std::byte> arena);

/// A decoded alert event, host only. Names are text; absent optionals were absent.
struct AlertRecord {
  struct Report {
    std::string feed;
    std::uint64_t seq = 0;
    engine::Instant time = 0;
    double value = 0;
    std::string origin;
    std::string grade;  ///< reliability letter and credibility digit, e.g. "B2"; credibility 0 gives the letter alone
  };
  /// One comparison of a filter, in the words of the watch language.
  struct FilterTerm {
    std::string key;         ///< "value", "origin" ...
    std::string comparison;  ///< "<", "<=", "=", "!=", ">=", ">"
    std::string word;        ///< a name, grade, letter or digit; empty: `number`
    double number = 0;
  };
  struct Evidence {
    std::string condition;  ///< empty: reached outside a named condition
    std::string indicator;  ///< empty for overdue
    std::string feed;       ///< overdue only
    std::string number;     ///< "count", "sum", "quantile" ..., "pulse", "overdue"
    engine::Span window_ms = 0;
    engine::Span ago_ms = 0;         ///< the window ended so long before `at`
    std::uint32_t at_least = 0;      ///< unknown when taken from fewer reports; 0: no such demand
    std::optional<double> quantile;  ///< quantile only: which, 0 to 1
    std::vector<FilterTerm> filter;  ///< empty: all reports count
    std::optional<double> value;     ///< absent: unknown
    engine::Instant at = 0;
    bool saturated = false;
    std::vector<Report> reports;  ///< newest first
  };
  struct TheaterLevel {
    std::string theater;
    engine::Level level{};
  };
  struct Against {
    std::string condition;
    engine::Truth value{};
  };
  struct Hypothesis {
    std::string name;
    std::string title;  ///< may be empty
    std::int32_t weight = 0;
  };
  struct Disconfirmer {
    std::string text;
    engine::Instant due = 0;
  };
  engine::EventKind kind{};
  std::string name;
  engine::AlertKind alert_kind{};
  std::string title;
  engine::Level level{};
  engine::Instant raised_at = 0;
  engine::Instant at = 0;
  engine::Instant detected_at = 0;
  std::uint16_t rev = 0;
  std::uint64_t rule = 0;
  std::uint64_t book = 0;
  std::string site;
  std::optional<std::uint64_t> number;
  engine::Status status{};
  bool not_journaled = false;
  bool truncated = false;
  std::vector<TheaterLevel> theaters;
  std::uint16_t origins = 0;
  std::vector<Evidence> evidence;
  std::vector<std::string> unknown_feeds;
  std::vector<std::string> blind_indicators;
  std::vector<Hypothesis> hypotheses;  ///< best first
  std::vector<Against> against;
  std::vector<std::string> caveats;
  std::vector<Disconfirmer> disconfirmers;
  Marking marking{};
  std::vector<std::string> release;
  bool saturated = false;                          ///< some number behind it is
  bool history = false;                            ///< said by a new book of the time before it ruled
  bool by_book = false;                            ///< cleared because a new book does not raise it
  std::optional<engine::EventKind> retracts_kind;  ///< retracted only
  engine::Instant retracts_at = 0;
  struct Reason {
    std::string feed;
    bool heartbeat = false;
    std::uint64_t seq = 0;
    engine::Instant time = 0;
  };
  std::optional<Reason> reason;  ///< retracted only
  std::optional<std::uint64_t> boot;
  bool provisional = false;
  std::vector<std::string> lost_feeds;
  bool shelved = false;  ///< an operator had put this alert aside, up to this level
};

/// Decodes an alert event. @param buffer 8-byte aligned. @returns nothing when it fails verification.
[[nodiscard]] std::optional<AlertRecord> decode_alert(std::span<const std::byte> buffer);
}  // namespace tocsin::wire
