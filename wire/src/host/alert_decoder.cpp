// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "tocsin/schemas/alert_generated.h"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/rule_words.hpp"

#include "field_checks.hpp"
#include "input_table.hpp"

namespace tocsin::wire {
namespace {
constexpr std::size_t kTablesMax = 1024;  // a filter has a table a term
constexpr std::size_t kDecodedBytesMax = 64 * 1024;

const char* number_name(schemas::NumberKind kind) {
  switch (kind) {
    case schemas::NumberKind::unspecified:
      return nullptr;
    case schemas::NumberKind::count:
      return "count";
    case schemas::NumberKind::sum:
      return "sum";
    case schemas::NumberKind::last:
      return "last";
    case schemas::NumberKind::max:
      return "max";
    case schemas::NumberKind::origins:
      return "origins";
    case schemas::NumberKind::pulse:
      return "pulse";
    case schemas::NumberKind::overdue:
      return "overdue";
    case schemas::NumberKind::mean:
      return "mean";
    case schemas::NumberKind::min:
      return "min";
    case schemas::NumberKind::median:
      return "median";
    case schemas::NumberKind::mad:
      return "mad";
    case schemas::NumberKind::stddev:
      return "stddev";
    case schemas::NumberKind::quantile:
      return "quantile";
    case schemas::NumberKind::days:
      return "days";
  }
  return nullptr;
}

/// Copies out of a verified buffer and remembers whether anything was out of range.
class Decoder {
 public:
  std::optional<AlertRecord> decode(const schemas::AlertEvent& table) {
    AlertRecord out;
    out.kind = enumerator<engine::EventKind>(table.kind(), schemas::EventKind::MAX);
    out.name = text(table.name());
    out.alert_kind = enumerator<engine::AlertKind>(table.alert_kind(), schemas::AlertKind::MAX);
    out.title = text(table.title());
    out.level = enumerator<engine::Level>(table.level(), schemas::Level::MAX);
    out.raised_at = instant(table.raised_at());
    out.at = instant(table.at());
    out.detected_at = instant(table.detected_at());
    out.rev = table.rev();
    out.rule = table.rule();
    out.book = table.book();
    out.site = text(table.site());
    if (table.number().has_value()) out.number = table.number().value();
    out.status = enumerator<engine::Status>(table.status(), schemas::Status::MAX);
    out.not_journaled = table.not_journaled();
    out.truncated = table.truncated();
    out.origins = table.origins();
    out.marking = enumerator<Marking>(table.marking(), schemas::Marking::MAX);
    out.release = texts(table.release());
    out.saturated = table.saturated();
    out.history = table.history();
    out.by_book = table.by_book();
    read_lists(table, out);
    read_words(table, out);
    read_retraction(table, out);
    good_ = good_ && !out.name.empty();
    return good_ ? std::optional<AlertRecord>{std::move(out)} : std::nullopt;
  }

 private:
  template <class To, class From>
  To enumerator(From value, From largest) {
    good_ = good_ && value <= largest;
    return static_cast<To>(value);
  }
  std::string text(const flatbuffers::String* from) {
    const auto view = view_of(from);
    good_ = good_ && is_clean_text(view);
    return std::string{view};
  }
  engine::Instant instant(std::int64_t value) {
    good_ = good_ && is_instant(value);
    return value;
  }
  double number(double value) {
    good_ = good_ && std::isfinite(value);
    return value;
  }
  std::vector<std::string> texts(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* from) {
    std::vector<std::string> out;
    if (from == nullptr) return out;
    for (const auto* item : *from) out.push_back(text(item));
    return out;
  }
  void read_lists(const schemas::AlertEvent& table, AlertRecord& out) {
    if (table.theaters() != nullptr) {
      for (const auto* item : *table.theaters()) {
        out.theaters.push_back({text(item->theater()), enumerator<engine::Level>(item->level(), schemas::Level::MAX)});
      }
    }
    if (table.evidence() != nullptr) {
      for (const auto* item : *table.evidence()) out.evidence.push_back(evidence(*item));
    }
    out.unknown_feeds = texts(table.unknown_feeds());
    out.blind_indicators = texts(table.blind_indicators());
  }
  void read_words(const schemas::AlertEvent& table, AlertRecord& out) {
    if (table.hypotheses() != nullptr) {
      for (const auto* item : *table.hypotheses()) {
        out.hypotheses.push_back({text(item->name()), text(item->title()), item->weight()});
        good_ = good_ && !out.hypotheses.back().name.empty();
      }
    }
    if (table.against() != nullptr) {
      for (const auto* item : *table.against()) {
        good_ = good_ && item->truth().has_value();
        out.against.push_back(
            {text(item->condition()),
             enumerator<engine::Truth>(item->truth().value_or(schemas::Truth::unknown), schemas::Truth::MAX)});
      }
    }
    out.caveats = texts(table.caveats());
    if (table.disconfirmers() != nullptr) {
      for (const auto* item : *table.disconfirmers()) {
        out.disconfirmers.push_back({text(item->text()), instant(item->due())});
      }
    }
  }
  void read_retraction(const schemas::AlertEvent& table, AlertRecord& out) {
    if (table.retracts().has_value()) {
      out.retracts_kind = enumerator<engine::EventKind>(table.retracts().value(), schemas::EventKind::MAX);
      out.retracts_at = out.at;
    }
    out.boot = table.boot().has_value() ? std::optional<std::uint64_t>{table.boot().value()} : std::nullopt;
    out.provisional = table.provisional();
    out.lost_feeds = texts(table.lost_feeds());
    out.shelved = table.shelved();
    if (const auto* reason = table.reason(); reason != nullptr) {
      out.reason =
          AlertRecord::Reason{text(reason->feed()), reason->heartbeat(), reason->seq(), instant(reason->time())};
    }
  }
  AlertRecord::Evidence evidence(const schemas::Evidence& table) {
    AlertRecord::Evidence out;
    const char* kind = number_name(table.number());
    good_ = good_ && kind != nullptr;
    if (kind != nullptr) out.number = kind;
    out.condition = text(table.condition());
    out.indicator = text(table.indicator());
    out.feed = text(table.feed());
    out.window_ms = table.window_ms();
    good_ = good_ && out.window_ms >= 0 && out.window_ms <= engine::kSpanMax;
    out.ago_ms = table.ago_ms();
    good_ = good_ && out.ago_ms >= 0 && out.ago_ms <= engine::kSpanMax;
    out.at_least = table.at_least();
    if (table.quantile().has_value()) out.quantile = number(table.quantile().value());
    if (table.filter() != nullptr) {
      for (const auto* item : *table.filter()) out.filter.push_back(filter_term(*item));
    }
    if (table.value().has_value()) out.value = number(table.value().value());
    out.at = instant(table.at());
    out.saturated = table.saturated();
    if (table.reports() != nullptr) {
      for (const auto* item : *table.reports()) out.reports.push_back(report(*item));
    }
    return out;
  }
  AlertRecord::FilterTerm filter_term(const schemas::FilterTerm& table) {
    AlertRecord::FilterTerm out;
    const auto key = enumerator<std::uint8_t>(table.key(), schemas::FilterKey::MAX);
    const auto comparison = enumerator<unsigned>(table.comparison(), schemas::Comparison::MAX);
    out.key = filter_key_word(key);
    out.comparison = sign_of(static_cast<std::uint8_t>(comparison + static_cast<unsigned>(engine::Op::less)));
    out.word = text(table.word());
    if (table.number().has_value()) out.number = number(table.number().value());
    good_ = good_ && (table.number().has_value() == out.word.empty());
    return out;
  }
  AlertRecord::Report report(const schemas::EvidenceReport& table) {
    AlertRecord::Report out;
    out.feed = text(table.feed());
    out.seq = table.seq();
    out.time = instant(table.time());
    out.value = number(table.value());
    out.origin = text(table.origin());
    good_ = good_ && table.credibility() <= 6 && out.seq < engine::kSeqEnd;
    if (table.reliability() != 0) {
      good_ = good_ && table.reliability() >= 'A' && table.reliability() <= 'F';
      out.grade.push_back(static_cast<char>(table.reliability()));
    }
    if (table.credibility() != 0) out.grade.push_back(static_cast<char>('0' + table.credibility()));
    return out;
  }

  bool good_ = true;
};
}  // namespace

std::optional<AlertRecord> decode_alert(std::span<const std::byte> buffer) {
  if (buffer.size() < kBufferBytesMin || buffer.size() > kDecodedBytesMax || !is_aligned(buffer)) return std::nullopt;
  auto verifier = make_verifier(buffer, kTablesMax);
  if (!verifier.VerifyBuffer<schemas::AlertEvent>(schemas::AlertEventIdentifier())) return std::nullopt;
  return Decoder{}.decode(*flatbuffers::GetRoot<schemas::AlertEvent>(buffer.data()));
}
}  // namespace tocsin::wire
