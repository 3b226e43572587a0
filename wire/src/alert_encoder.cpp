// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <memory>

#include "tocsin/engine/base/check.hpp"
#include "tocsin/schemas/alert_generated.h"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/rule_words.hpp"

#include "arena.hpp"
#include "input_table.hpp"

// The buffer has a fixed size and an event can name more than fits, so every piece is written only while there is room
// for it and for what must still follow; what is left out sets `truncated`. Sizes below are upper bounds: the result
// must depend on the event alone, never on the target.
namespace tocsin::wire {
namespace {
using engine::AlertEvent;
using engine::Image;
using flatbuffers::Offset;
using Text = Offset<flatbuffers::String>;

constexpr std::size_t kNameClip = 64;  // a compiled book has none longer
constexpr std::size_t kTitleClip = 480;
constexpr std::size_t kTextOverhead = 12;  // length, terminator, padding
constexpr std::size_t kReportBytes = 96;   // an EvidenceReport with its vtable and its place in the vector
constexpr std::size_t kItemBytes = 208;    // an Evidence with its vtable, without names, filter and reports
constexpr std::size_t kTermBytes = 48;     // a FilterTerm with its vtable and its place in the vector
constexpr std::size_t kEntryBytes = 96;    // a table of `against`, `hypotheses` or `disconfirmers` likewise
constexpr std::size_t kItemReserve = kItemBytes + 2 * (kNameClip + kTextOverhead);
constexpr std::size_t kRootReserve = 768;    // root table, its vtable, vectors, and the builder's scratch
constexpr std::size_t kListedNamesMax = 64;  // unknown feeds, blind indicators
constexpr std::size_t kUnknownFeedsBytes = 3072;
constexpr std::size_t kWordsBytes = 4096;    // hypotheses, against, caveats, disconfirmers, release
constexpr std::size_t kFilterTermsMax = 16;  // of one number; a book's are fewer

std::string_view clip(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not inside a character
  return text.substr(0, end);
}

/// Names already written, so that each is written once.
template <std::size_t kCapacity>
struct NameCache {
  std::array<std::uint16_t, kCapacity> index{};
  std::array<Text, kCapacity> text{};
  std::size_t size = 0;

  [[nodiscard]] Text find(std::uint16_t wanted) const {
    for (std::size_t i = 0; i < size; ++i) {
      if (index[i] == wanted) return text[i];
    }
    return {};
  }
  void add(std::uint16_t name, Text offset) {
    if (size == kCapacity) return;  // it will be written again
    index[size] = name;
    text[size++] = offset;
  }
};

/// Working storage, at the front of the arena: too much for a small stack.
struct Scratch {
  NameCache<engine::kEvidenceReportsMax> feeds;
  NameCache<engine::kEvidenceReportsMax> origins;
  NameCache<engine::kEvidenceItemsMax> indicators;
  NameCache<engine::kEvidenceItemsMax> conditions;
  std::array<Offset<schemas::EvidenceReport>, engine::kEvidenceReportsMax> reports;
  std::array<Offset<schemas::Evidence>, engine::kEvidenceItemsMax> items;
  std::array<Offset<schemas::TheaterLevel>, engine::kAlertTheatersMax> theaters;
  std::array<Text, kListedNamesMax> names;
  std::array<Offset<schemas::FilterTerm>, kFilterTermsMax> terms;
  std::array<Offset<schemas::Hypothesis>, engine::kHypothesesMax> hypotheses;
  std::array<Offset<schemas::Evidence>, engine::kAgainstMax> against;
  std::array<Offset<schemas::Disconfirmer>, kListedNamesMax> disconfirmers;
};
constexpr std::size_t kScratchBytes = (sizeof(Scratch) + 7) / 8 * 8;
constexpr std::size_t kFixedBytes =
    kRootReserve + (4 + engine::kAlertTheatersMax) * (kNameClip + kTextOverhead + 48) + kTitleClip + kTextOverhead;
constexpr std::size_t kArenaBytesMin =
    kScratchBytes + kFixedBytes + engine::kEvidenceItemsMax * kItemReserve + kUnknownFeedsBytes + kWordsBytes;
static_assert(kArenaBytesMin + 2048 <= kAlertBytesMax, "an alert must fit, with some of its reports");

schemas::NumberKind number_of(std::uint8_t op) {
  using Kind = schemas::NumberKind;
  constexpr std::array<Kind, 13> kKinds = {Kind::unspecified, Kind::count,    Kind::sum, Kind::last,   Kind::max,
                                           Kind::origins,     Kind::mean,     Kind::min, Kind::median, Kind::mad,
                                           Kind::stddev,      Kind::quantile, Kind::days};
  if (op < kKinds.size()) return kKinds[op];
  if (op == static_cast<std::uint8_t>(engine::Op::pulse)) return Kind::pulse;
  return op == static_cast<std::uint8_t>(engine::Op::overdue) ? Kind::overdue : Kind::unspecified;
}

bool is_comparison(std::uint8_t op) {
  return op >= static_cast<std::uint8_t>(engine::Op::less) && op <= static_cast<std::uint8_t>(engine::Op::greater);
}

class Encoder {
 public:
  Encoder(const AlertEvent& event, const Image& image, const AlertContext& context, Scratch& scratch, Arena& arena,
          std::size_t capacity)
      : event_{event},
        image_{image},
        context_{context},
        scratch_{scratch},
        capacity_{capacity},
        builder_{capacity, &arena},
        truncated_{event.truncated} {}

  std::span<const std::byte> encode() {
    const auto& alert = image_.alerts[event_.alert];
    const Text name = text(image_.view(alert.name), kNameClip);
    const Text title = optional_text(image_.view(alert.title), kTitleClip);
    const Text site = optional_text(context_.site, kNameClip);
    const auto theaters = write_theaters(alert);
    const auto reason = write_reason();
    words_end_ = builder_.GetSize() + kWordsBytes;
    const auto release = write_texts(alert.release);
    const auto hypotheses = write_hypotheses();
    const auto against = write_against(alert);
    const auto disconfirmers = explains() ? write_disconfirmers(alert) : Vector<schemas::Disconfirmer>{};
    const auto caveats = explains() ? write_texts(alert.caveats) : Vector<flatbuffers::String>{};
    const auto unknown = write_names(event_.overdue_feeds, image_.feeds, scratch_.feeds, unknown_reserve());
    const auto lost = write_lost_feeds();
    const auto evidence = write_evidence();
    const auto blind = write_names(event_.blind_indicators, image_.indicators, scratch_.indicators, kRootReserve);

    schemas::AlertEventBuilder root{builder_};
    root.add_raised_at(event_.raised_at);
    root.add_at(event_.at);
    root.add_detected_at(event_.detected_at);
    root.add_rule(alert.rule_hash);
    root.add_book(image_.book_hash);
    if (context_.number.has_value()) root.add_number(*context_.number);
    root.add_name(name);
    if (!title.IsNull()) root.add_title(title);
    if (!site.IsNull()) root.add_site(site);
    root.add_theaters(theaters);
    if (!evidence.IsNull()) root.add_evidence(evidence);
    if (!unknown.IsNull()) root.add_unknown_feeds(unknown);
    if (!blind.IsNull()) root.add_blind_indicators(blind);
    if (!reason.IsNull()) root.add_reason(reason);
    if (!against.IsNull()) root.add_against(against);
    if (!hypotheses.IsNull()) root.add_hypotheses(hypotheses);
    if (!caveats.IsNull()) root.add_caveats(caveats);
    if (!disconfirmers.IsNull()) root.add_disconfirmers(disconfirmers);
    if (!release.IsNull()) root.add_release(release);
    root.add_rev(event_.rev);
    root.add_origins(event_.origins);
    root.add_kind(static_cast<schemas::EventKind>(event_.kind));
    root.add_alert_kind(static_cast<schemas::AlertKind>(alert.kind));
    root.add_level(static_cast<schemas::Level>(event_.level));
    root.add_status(static_cast<schemas::Status>(event_.status));
    root.add_not_journaled(context_.not_journaled);
    root.add_truncated(truncated_);
    root.add_marking(static_cast<schemas::Marking>(alert.marking));
    root.add_saturated(event_.saturated);
    root.add_history(context_.history);
    root.add_by_book(context_.by_book);
    if (context_.boot.has_value()) root.add_boot(*context_.boot);
    root.add_provisional(context_.provisional);
    root.add_shelved(context_.shelved);
    if (!lost.IsNull()) root.add_lost_feeds(lost);
    if (event_.kind == engine::EventKind::retracted) {
      root.add_retracts(static_cast<schemas::EventKind>(event_.retracted_kind));
    }
    schemas::FinishAlertEventBuffer(builder_, root.Finish());
    return {reinterpret_cast<const std::byte*>(builder_.GetBufferPointer()), builder_.GetSize()};
  }

 private:
  template <class T>
  using Vector = Offset<flatbuffers::Vector<Offset<T>>>;

  [[nodiscard]] bool room(std::size_t bytes, std::size_t reserve) const {
    return builder_.GetSize() + bytes + reserve <= capacity_;
  }
  static std::size_t unknown_reserve_bytes(std::size_t items) { return kRootReserve + items * kItemReserve; }
  // What the list of unknown feeds must leave: all but its own share.
  [[nodiscard]] std::size_t unknown_reserve() const {
    const std::size_t needed = unknown_reserve_bytes(event_.item_count);
    return std::max(needed, capacity_ - std::min<std::size_t>(capacity_, builder_.GetSize() + kUnknownFeedsBytes));
  }

  Text text(std::string_view words, std::size_t bytes_max) {
    const auto clipped = clip(words, bytes_max);
    if (clipped.size() < words.size()) truncated_ = true;
    return builder_.CreateString(clipped.data(), clipped.size());
  }
  Text optional_text(std::string_view words, std::size_t bytes_max) {
    return words.empty() ? Text{} : text(words, bytes_max);
  }
  template <class Things, std::size_t kCapacity>
  Text name_of(std::uint16_t index, const Things& things, NameCache<kCapacity>& cache) {
    if (index >= things.size()) return {};
    if (const Text known = cache.find(index); !known.IsNull()) return known;
    const Text written = text(image_.view(things[index].name), kNameClip);
    cache.add(index, written);
    return written;
  }

  Vector<schemas::TheaterLevel> write_theaters(const engine::Alert& alert) {
    const auto theaters = image_.list(alert.theaters);
    const std::size_t count = std::min(theaters.size(), engine::kAlertTheatersMax);
    for (std::size_t i = 0; i < count; ++i) {
      const Text name = text(image_.view(image_.theaters[theaters[i]].name), kNameClip);
      scratch_.theaters[i] =
          schemas::CreateTheaterLevel(builder_, name, static_cast<schemas::Level>(event_.theater_levels[i]));
    }
    return builder_.CreateVector(scratch_.theaters.data(), count);
  }

  Offset<schemas::Reason> write_reason() {
    if (event_.kind != engine::EventKind::retracted || event_.reason.feed == engine::kNone) return {};
    const Text feed = name_of(event_.reason.feed, image_.feeds, scratch_.feeds);
    return schemas::CreateReason(builder_, feed, event_.reason.heartbeat, event_.reason.seq, event_.reason.time);
  }

  template <class Bits, class Things, std::size_t kCapacity>
  Vector<flatbuffers::String> write_names(const Bits& bits, const Things& things, NameCache<kCapacity>& cache,
                                          std::size_t reserve) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < things.size(); ++i) {
      if (((bits[i / 64] >> (i % 64)) & 1U) == 0) continue;
      const std::size_t bytes = std::min<std::size_t>(things[i].name.length, kNameClip) + kTextOverhead + 4;
      if (count == kListedNamesMax || !room(bytes, reserve)) {
        truncated_ = true;
        break;
      }
      scratch_.names[count++] = name_of(static_cast<std::uint16_t>(i), things, cache);
    }
    if (count == 0) return {};
    return builder_.CreateVector(scratch_.names.data(), count);
  }

  Vector<flatbuffers::String> write_lost_feeds() {
    if (context_.lost_feeds.size() < engine::kFeedsMax / 64) return {};
    return write_names(context_.lost_feeds, image_.feeds, scratch_.feeds, unknown_reserve());
  }

  // Evidence and what is to be weighed with it: only where an episode starts or changes its level.
  [[nodiscard]] bool explains() const { return event_.kind <= engine::EventKind::eased; }
  // Room for a piece in the share of the words.
  bool word_room(std::size_t bytes) {
    if (builder_.GetSize() + bytes <= words_end_) return true;
    truncated_ = true;
    return false;
  }

  Vector<flatbuffers::String> write_texts(engine::ListRef run) {
    std::size_t count = 0;
    for (const engine::Name name : image_.texts.subspan(run.first, run.count)) {
      const std::size_t bytes = std::min<std::size_t>(name.length, kTitleClip) + kTextOverhead + 4;
      if (!word_room(bytes)) break;
      if (count == kListedNamesMax) {
        truncated_ = true;
        break;
      }
      scratch_.names[count++] = text(image_.view(name), kTitleClip);
    }
    if (count == 0) return {};
    return builder_.CreateVector(scratch_.names.data(), count);
  }

  Vector<schemas::Hypothesis> write_hypotheses() {
    std::size_t count = 0;
    for (; count < std::min<std::size_t>(event_.hypothesis_count, engine::kHypothesesMax); ++count) {
      TOCSIN_CHECK(event_.hypotheses[count].hypothesis < image_.hypotheses.size());
      const auto& hypothesis = image_.hypotheses[event_.hypotheses[count].hypothesis];
      const std::size_t names = std::min<std::size_t>(hypothesis.name.length, kNameClip) +
                                std::min<std::size_t>(hypothesis.title.length, kTitleClip);
      if (!word_room(kEntryBytes + names + 2 * kTextOverhead)) break;
      const Text name = text(image_.view(hypothesis.name), kNameClip);
      const Text title = optional_text(image_.view(hypothesis.title), kTitleClip);
      schemas::HypothesisBuilder table{builder_};
      table.add_name(name);
      if (!title.IsNull()) table.add_title(title);
      table.add_weight(event_.hypotheses[count].weight);
      scratch_.hypotheses[count] = table.Finish();
    }
    if (count == 0) return {};
    return builder_.CreateVector(scratch_.hypotheses.data(), count);
  }

  Vector<schemas::Evidence> write_against(const engine::Alert& alert) {
    const auto conditions = image_.list(alert.against);
    const std::size_t all = std::min<std::size_t>({event_.against_count, conditions.size(), engine::kAgainstMax});
    std::size_t count = 0;
    for (; count < all; ++count) {
      if (!word_room(kEntryBytes + kNameClip + kTextOverhead)) break;
      const Text name = name_of(conditions[count], image_.conditions, scratch_.conditions);
      schemas::EvidenceBuilder table{builder_};
      if (!name.IsNull()) table.add_condition(name);
      table.add_at(event_.at);
      table.add_truth(static_cast<schemas::Truth>(event_.against[count]));
      scratch_.against[count] = table.Finish();
    }
    if (count == 0) return {};
    return builder_.CreateVector(scratch_.against.data(), count);
  }

  Vector<schemas::Disconfirmer> write_disconfirmers(const engine::Alert& alert) {
    std::size_t count = 0;
    for (const auto& one : image_.disconfirms.subspan(alert.disconfirms.first, alert.disconfirms.count)) {
      const std::size_t bytes = kEntryBytes + std::min<std::size_t>(one.text.length, kTitleClip) + kTextOverhead;
      if (!word_room(bytes)) break;
      if (count == kListedNamesMax) {
        truncated_ = true;
        break;
      }
      const Text words = text(image_.view(one.text), kTitleClip);
      const engine::Instant due = std::min(event_.raised_at + one.by_ms, engine::kInstantMax);
      schemas::DisconfirmerBuilder table{builder_};
      table.add_text(words);
      table.add_due(due);
      scratch_.disconfirmers[count++] = table.Finish();
    }
    if (count == 0) return {};
    return builder_.CreateVector(scratch_.disconfirmers.data(), count);
  }

  Vector<schemas::FilterTerm> write_filter(std::uint16_t filter, std::size_t reserve) {
    if (filter >= image_.filters.size()) return {};
    const engine::ListRef run = image_.filters[filter].terms;
    std::size_t count = 0;
    for (const auto& term : image_.filter_terms.subspan(run.first, run.count)) {
      if (count == kFilterTermsMax || !room(kTermBytes + kNameClip + kTextOverhead, reserve)) {
        truncated_ = true;
        break;
      }
      const auto word = filter_word(image_, term);
      const Text words = optional_text(word.view(), kNameClip);
      schemas::FilterTermBuilder table{builder_};
      if (words.IsNull()) table.add_number(term.value);
      if (!words.IsNull()) table.add_word(words);
      table.add_key(static_cast<schemas::FilterKey>(term.key));
      if (is_comparison(term.comparison)) {
        table.add_comparison(
            static_cast<schemas::Comparison>(term.comparison - static_cast<unsigned>(engine::Op::less)));
      }
      scratch_.terms[count++] = table.Finish();
    }
    if (count == 0) return {};
    return builder_.CreateVector(scratch_.terms.data(), count);
  }

  Vector<schemas::Evidence> write_evidence() {
    const std::size_t count = std::min<std::size_t>(event_.item_count, engine::kEvidenceItemsMax);
    if (count == 0) return {};
    for (std::size_t i = 0; i < count; ++i) {
      scratch_.items[i] = write_item(event_.items[i], unknown_reserve_bytes(count - i));
    }
    return builder_.CreateVector(scratch_.items.data(), count);
  }

  Offset<schemas::Evidence> write_item(const engine::EvidenceItem& item, std::size_t reserve) {
    const engine::Node* node = item.node < image_.nodes.size() ? &image_.nodes[item.node] : nullptr;
    const auto filter = node == nullptr ? Vector<schemas::FilterTerm>{} : write_filter(node->filter, reserve);
    const auto reports = write_reports(item, reserve);
    const Text condition = name_of(item.condition, image_.conditions, scratch_.conditions);
    const Text indicator = name_of(item.indicator, image_.indicators, scratch_.indicators);
    const Text feed = name_of(item.feed, image_.feeds, scratch_.feeds);
    schemas::EvidenceBuilder table{builder_};
    table.add_window_ms(item.window_ms);
    table.add_at(item.at);
    if (item.known) table.add_value(item.value);
    if (node != nullptr) {
      table.add_ago_ms(node->ago_ms);
      if (item.op == static_cast<std::uint8_t>(engine::Op::quantile)) table.add_quantile(quantile_of(*node));
      table.add_at_least(node->at_least);
    }
    if (!filter.IsNull()) table.add_filter(filter);
    if (!condition.IsNull()) table.add_condition(condition);
    if (!indicator.IsNull()) table.add_indicator(indicator);
    if (!feed.IsNull()) table.add_feed(feed);
    if (!reports.IsNull()) table.add_reports(reports);
    table.add_number(number_of(item.op));
    table.add_saturated(item.saturated);
    return table.Finish();
  }

  Vector<schemas::EvidenceReport> write_reports(const engine::EvidenceItem& item, std::size_t reserve) {
    const std::size_t first = std::min<std::size_t>(item.first_report, event_.report_count);
    const std::size_t count = std::min<std::size_t>(item.report_count, event_.report_count - first);
    std::size_t written = 0;
    for (; written < count; ++written) {  // newest first, so what does not fit is the oldest
      if (!room(kReportBytes + 2 * (kNameClip + kTextOverhead), reserve)) {
        truncated_ = true;
        break;
      }
      scratch_.reports[written] = write_report(event_.reports[first + written]);
    }
    if (written == 0) return {};
    return builder_.CreateVector(scratch_.reports.data(), written);
  }

  Offset<schemas::EvidenceReport> write_report(const engine::EvidenceReport& report) {
    const Text feed = name_of(report.feed, image_.feeds, scratch_.feeds);
    const Text origin = name_of(report.origin, image_.origins, scratch_.origins);
    schemas::EvidenceReportBuilder table{builder_};
    table.add_seq(report.seq);
    table.add_time(report.time);
    table.add_value(report.value);
    if (!feed.IsNull()) table.add_feed(feed);
    if (!origin.IsNull()) {
      table.add_origin(origin);
      table.add_reliability(image_.origins[report.origin].reliability);
    }
    table.add_credibility(report.credibility);
    return table.Finish();
  }

  const AlertEvent& event_;
  const Image& image_;
  const AlertContext& context_;
  Scratch& scratch_;
  std::size_t capacity_;
  std::size_t words_end_ = 0;
  flatbuffers::FlatBufferBuilder builder_;
  bool truncated_;
};
}  // namespace

std::span<const std::byte> encode_alert(const AlertEvent& event, const Image& image, const AlertContext& context,
                                        std::span<std::byte> arena) {
  TOCSIN_CHECK(is_aligned(arena) && event.alert < image.alerts.size());
  arena = arena.first(std::min(arena.size(), kAlertBytesMax) / 8 * 8);  // the result must not depend on a larger one
  if (arena.size() < kArenaBytesMin) return {};
  auto* scratch = std::construct_at(static_cast<Scratch*>(static_cast<void*>(arena.data())));
  const auto block = arena.subspan(kScratchBytes);
  Arena allocator{block};
  Encoder encoder{event, image, context, *scratch, allocator, block.size()};
  return encoder.encode();
}
}  // namespace tocsin::wire
