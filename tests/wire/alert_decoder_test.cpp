// SPDX-License-Identifier: Apache-2.0
/// What: a decoded alert event says what the engine said; damaged or impossible ones are refused; the encoder leaves
///       out what does not fit and says so.
/// How: the golden event field by field, every bit flipped, and a book whose names alone would fill the buffer.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "golden_values.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names
using wire::AlertRecord;

namespace {
alignas(16) std::array<std::byte, wire::kAlertBytesMax> arena;
engine::AlertEvent event;

AlertRecord decode(const engine::Image& image, const wire::AlertContext& context) {
  const auto record = wire::decode_alert(wire::encode_alert(event, image, context, arena));
  CHECK_TRUE(record.has_value());
  return record.value_or(AlertRecord{});
}
AlertRecord decode() { return decode(test_support::sample_book(), golden::context()); }

/// A book at the limits: every name as long as a name may be.
class LargeBook {
 public:
  LargeBook() {
    fill(feeds_);
    fill(origins_);
    fill(indicators_);
    fill(conditions_);
    theaters_.resize(engine::kAlertTheatersMax);
    fill(theaters_);
    for (auto& origin : origins_) origin.reliability = 'B';
    fill(hypotheses_);
    fill(tags_);
    for (auto& hypothesis : hypotheses_) hypothesis.title = {0, 480};
    for (std::uint16_t i = 0; i < engine::kAgainstMax; ++i) lists_.push_back(i);
    for (auto& term : terms_) term = {static_cast<std::uint8_t>(engine::FilterKey::tag), 34, 0, 0, 0};
    filters_[0].terms = {0, static_cast<std::uint16_t>(terms_.size())};
    texts_.assign(100, {0, 480});
    disconfirms_.assign(100, {{0, 480}, 1000});
    alerts_[0].theaters = {0, static_cast<std::uint16_t>(engine::kAlertTheatersMax)};
    alerts_[0].against = {0, static_cast<std::uint16_t>(engine::kAgainstMax)};
    alerts_[0].release = alerts_[0].caveats = alerts_[0].disconfirms = {0, 100};
    alerts_[0].title = {0, 480};
    fill(alerts_);
  }
  [[nodiscard]] engine::Image image() const {
    engine::Image image;
    image.theaters = theaters_;
    image.origins = origins_;
    image.feeds = feeds_;
    image.indicators = indicators_;
    image.conditions = conditions_;
    image.alerts = alerts_;
    image.nodes = nodes_;
    image.filters = filters_;
    image.filter_terms = terms_;
    image.tags = tags_;
    image.hypotheses = hypotheses_;
    image.texts = texts_;
    image.disconfirms = disconfirms_;
    image.lists = lists_;
    image.text = text_;
    return image;
  }

 private:
  template <class Records>
  void fill(Records& records) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      std::string name{"n"};
      name += std::to_string(i);
      name.resize(wire::kNameBytesMax, 'x');
      records[i].name = {static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size())};
      text_ += name;
    }
  }
  std::string text_ = std::string(480, 't');
  std::vector<engine::Theater> theaters_;
  std::vector<engine::Origin> origins_{engine::kOriginsMax};
  std::vector<engine::Feed> feeds_{engine::kFeedsMax};
  std::vector<engine::Indicator> indicators_{engine::kIndicatorsMax};
  std::vector<engine::Condition> conditions_{64};
  std::vector<engine::Alert> alerts_{1};
  std::vector<engine::Node> nodes_{1};
  std::vector<engine::Filter> filters_{1};
  std::vector<engine::FilterTerm> terms_{20};
  std::vector<engine::Tag> tags_{1};
  std::vector<engine::Hypothesis> hypotheses_{engine::kHypothesesMax};
  std::vector<engine::Name> texts_;
  std::vector<engine::Disconfirm> disconfirms_;
  std::vector<std::uint16_t> lists_;
};
}  // namespace

TEST_GROUP(AlertDecoder){void setup() override{event = golden::event();
}
}
;

TEST(AlertDecoder, gives_back_what_the_engine_said) {
  const AlertRecord record = decode();
  CHECK_TRUE(record.kind == engine::EventKind::raised);
  STRCMP_EQUAL("distraction", record.name.c_str());
  CHECK_TRUE(record.alert_kind == engine::AlertKind::linkage);
  STRCMP_EQUAL("DPRK acts inside a Taiwan contingency", record.title.c_str());
  CHECK_TRUE(record.level == engine::Level::watch);
  LONGLONGS_EQUAL(event.raised_at, record.raised_at);
  LONGLONGS_EQUAL(event.at, record.at);
  LONGLONGS_EQUAL(event.detected_at, record.detected_at);
  LONGS_EQUAL(1, record.rev);
  UNSIGNED_LONGLONGS_EQUAL(0x1122334455667788U, record.rule);
  UNSIGNED_LONGLONGS_EQUAL(0xC0FFEE0DDBA11AD5U, record.book);
  STRCMP_EQUAL("taipei", record.site.c_str());
  UNSIGNED_LONGLONGS_EQUAL(42, record.number.value_or(0));
  CHECK_TRUE(record.status == engine::Status::actual);
  CHECK_FALSE(record.not_journaled);
  CHECK_FALSE(record.truncated);
  LONGS_EQUAL(2, record.origins);
  CHECK_FALSE(record.retracts_kind.has_value());
  CHECK_FALSE(record.reason.has_value());
}

TEST(AlertDecoder, gives_the_theaters_in_the_alerts_order) {
  const AlertRecord record = decode();
  LONGS_EQUAL(2, record.theaters.size());
  STRCMP_EQUAL("strait", record.theaters[0].theater.c_str());
  CHECK_TRUE(record.theaters[0].level == engine::Level::elevated);
  STRCMP_EQUAL("korea", record.theaters[1].theater.c_str());
  CHECK_TRUE(record.theaters[1].level == engine::Level::unknown);
}

TEST(AlertDecoder, gives_the_evidence_with_its_reports) {
  const AlertRecord record = decode();
  LONGS_EQUAL(4, record.evidence.size());
  const auto& sum = record.evidence[0];
  STRCMP_EQUAL("strait_surge", sum.condition.c_str());
  STRCMP_EQUAL("pla_aircraft", sum.indicator.c_str());
  STRCMP_EQUAL("sum", sum.number.c_str());
  LONGLONGS_EQUAL(86'400'000, sum.window_ms);
  DOUBLES_EQUAL(49, sum.value.value_or(-1), 0.0);
  CHECK_TRUE(sum.saturated);
  LONGS_EQUAL(2, sum.reports.size());
  STRCMP_EQUAL("mnd_daily", sum.reports[0].feed.c_str());
  UNSIGNED_LONGLONGS_EQUAL(12, sum.reports[0].seq);
  DOUBLES_EQUAL(30, sum.reports[0].value, 0.0);
  STRCMP_EQUAL("mnd", sum.reports[0].origin.c_str());
  STRCMP_EQUAL("B2", sum.reports[0].grade.c_str());
  STRCMP_EQUAL("B", sum.reports[1].grade.c_str());  // without a credibility the letter alone
  STRCMP_EQUAL("pulse", record.evidence[1].number.c_str());
  LONGS_EQUAL(1, record.evidence[1].reports.size());
  STRCMP_EQUAL("max", record.evidence[2].number.c_str());
  STRCMP_EQUAL("", record.evidence[2].condition.c_str());
  CHECK_FALSE(record.evidence[2].value.has_value());
}

TEST(AlertDecoder, gives_a_numbers_filter_in_the_words_of_the_language) {
  const auto item = decode().evidence.at(3);
  STRCMP_EQUAL("quantile", item.number.c_str());
  DOUBLES_EQUAL(0.95, item.quantile.value_or(0), 0.0);
  LONGLONGS_EQUAL(90 * 86'400'000LL, item.window_ms);
  LONGLONGS_EQUAL(86'400'000, item.ago_ms);
  UNSIGNED_LONGS_EQUAL(20, item.at_least);
  LONGS_EQUAL(3, item.filter.size());
  STRCMP_EQUAL("value", item.filter[0].key.c_str());
  STRCMP_EQUAL(">=", item.filter[0].comparison.c_str());
  STRCMP_EQUAL("", item.filter[0].word.c_str());
  DOUBLES_EQUAL(20, item.filter[0].number, 0.0);
  STRCMP_EQUAL("origin", item.filter[1].key.c_str());
  STRCMP_EQUAL("=", item.filter[1].comparison.c_str());
  STRCMP_EQUAL("mnd", item.filter[1].word.c_str());
  STRCMP_EQUAL("grade", item.filter[2].key.c_str());
  STRCMP_EQUAL("B2", item.filter[2].word.c_str());
  CHECK_TRUE(decode().evidence.at(0).filter.empty());
}

TEST(AlertDecoder, gives_what_an_analyst_weighs_it_with) {
  const AlertRecord record = decode();
  LONGS_EQUAL(2, record.hypotheses.size());
  STRCMP_EQUAL("coordinated", record.hypotheses[0].name.c_str());
  STRCMP_EQUAL("Coordinated distraction", record.hypotheses[0].title.c_str());
  LONGS_EQUAL(2, record.hypotheses[0].weight);
  STRCMP_EQUAL("", record.hypotheses[1].title.c_str());
  LONGS_EQUAL(-1, record.hypotheses[1].weight);
  LONGS_EQUAL(1, record.against.size());
  STRCMP_EQUAL("lull", record.against[0].condition.c_str());
  CHECK_TRUE(record.against[0].value == engine::Truth::unknown);
  LONGS_EQUAL(1, record.caveats.size());
  STRCMP_EQUAL("Order in time is not coordination.", record.caveats[0].c_str());
  LONGS_EQUAL(1, record.disconfirmers.size());
  STRCMP_EQUAL("No second act", record.disconfirmers[0].text.c_str());
  LONGLONGS_EQUAL(event.raised_at + 3 * 86'400'000, record.disconfirmers[0].due);
  CHECK_TRUE(record.marking == wire::Marking::amber);
  LONGS_EQUAL(2, record.release.size());
  STRCMP_EQUAL("rok", record.release[1].c_str());
}

TEST(AlertDecoder, keeps_the_marking_but_not_the_judgement_where_nothing_is_explained) {
  for (const auto kind : {engine::EventKind::cleared, engine::EventKind::unknown, engine::EventKind::retracted}) {
    event.kind = kind;
    event.hypothesis_count = 0;
    event.against_count = 0;
    const AlertRecord record = decode();
    CHECK_TRUE(record.marking == wire::Marking::amber);
    LONGS_EQUAL(2, record.release.size());
    CHECK_TRUE(record.hypotheses.empty() && record.against.empty());
    CHECK_TRUE(record.caveats.empty() && record.disconfirmers.empty());
  }
}

TEST(AlertDecoder, says_so_when_the_event_rests_on_a_saturated_number) {
  CHECK_TRUE(decode().saturated);
  event.saturated = false;
  CHECK_FALSE(decode().saturated);
}

TEST(AlertDecoder, names_unknown_feeds_and_blind_indicators) {
  const AlertRecord record = decode();
  LONGS_EQUAL(1, record.unknown_feeds.size());
  STRCMP_EQUAL("mnd_daily", record.unknown_feeds[0].c_str());
  LONGS_EQUAL(2, record.blind_indicators.size());
  STRCMP_EQUAL("plan_ships", record.blind_indicators[1].c_str());
}

TEST(AlertDecoder, names_every_kind_of_number) {
  const std::pair<engine::Op, const char*> rows[] = {
      {engine::Op::count, "count"},   {engine::Op::sum, "sum"},           {engine::Op::last, "last"},
      {engine::Op::max, "max"},       {engine::Op::origins, "origins"},   {engine::Op::mean, "mean"},
      {engine::Op::min, "min"},       {engine::Op::median, "median"},     {engine::Op::mad, "mad"},
      {engine::Op::stddev, "stddev"}, {engine::Op::quantile, "quantile"}, {engine::Op::days, "days"},
      {engine::Op::pulse, "pulse"}};
  for (const auto& [op, name] : rows) {
    event.items[0].op = static_cast<std::uint8_t>(op);
    STRCMP_EQUAL(name, decode().evidence[0].number.c_str());
  }
}

TEST(AlertDecoder, gives_an_overdue_feed_as_evidence) {
  event.item_count = 1;
  event.items[0] = {event.at,
                    0,
                    1,
                    engine::kNone,
                    engine::kNone,
                    test_support::sample::launches,
                    engine::kNone,
                    static_cast<std::uint8_t>(engine::Op::overdue),
                    true,
                    false,
                    0,
                    0};
  const auto item = decode().evidence.at(0);
  STRCMP_EQUAL("overdue", item.number.c_str());
  STRCMP_EQUAL("launches", item.feed.c_str());
  STRCMP_EQUAL("", item.indicator.c_str());
}

TEST(AlertDecoder, says_what_was_retracted_and_why) {
  event.kind = engine::EventKind::retracted;
  event.retracted_kind = engine::EventKind::escalated;
  event.reason = {test_support::sample::launches, false, 40, event.at};
  AlertRecord record = decode();
  CHECK_TRUE(record.retracts_kind == engine::EventKind::escalated);
  LONGLONGS_EQUAL(event.at, record.retracts_at);
  STRCMP_EQUAL("launches", record.reason.value_or(AlertRecord::Reason{}).feed.c_str());
  UNSIGNED_LONGLONGS_EQUAL(40, record.reason.value_or(AlertRecord::Reason{}).seq);
  event.reason = {test_support::sample::launches, true, 0, event.at - 5};
  record = decode();
  CHECK_TRUE(record.reason.value_or(AlertRecord::Reason{}).heartbeat);
  LONGLONGS_EQUAL(event.at - 5, record.reason.value_or(AlertRecord::Reason{}).time);
}

TEST(AlertDecoder, leaves_out_what_the_program_did_not_give) {
  const AlertRecord record = decode(test_support::sample_book(), {{}, std::nullopt, true});
  CHECK_FALSE(record.number.has_value());
  CHECK_TRUE(record.not_journaled);
  STRCMP_EQUAL("", record.site.c_str());
}

TEST(AlertDecoder, leaves_out_the_oldest_reports_when_names_fill_the_buffer_and_says_so) {
  const LargeBook book;
  event.alert = 0;
  event.item_count = engine::kEvidenceItemsMax;
  event.report_count = engine::kEvidenceReportsMax;
  event.hypothesis_count = engine::kHypothesesMax;
  event.against_count = engine::kAgainstMax;
  for (std::uint16_t i = 0; i < engine::kHypothesesMax; ++i) event.hypotheses[i] = {i, 1};
  event.overdue_feeds.fill(~0ULL);
  event.blind_indicators.fill(~0ULL);
  for (std::uint16_t i = 0; i < engine::kEvidenceItemsMax; ++i) {
    event.items[i] = {event.at,
                      1000,
                      1,
                      i,
                      static_cast<std::uint16_t>(i + 100),
                      engine::kNone,
                      0,
                      static_cast<std::uint8_t>(engine::Op::sum),
                      true,
                      false,
                      static_cast<std::uint16_t>(i * 4),
                      4};
  }
  for (std::uint16_t i = 0; i < engine::kEvidenceReportsMax; ++i) {
    event.reports[i] = {event.at - i, 1, i, static_cast<std::uint16_t>(i + 100), i, 1};
  }
  const AlertRecord record = decode(book.image(), {std::string(64, 's'), 1, false});
  CHECK_TRUE(record.truncated);
  LONGS_EQUAL(engine::kEvidenceItemsMax, record.evidence.size());
  CHECK_TRUE(record.evidence[0].filter.size() == 16 || record.evidence[0].reports.size() < 4);
  CHECK_TRUE(record.release.size() + record.hypotheses.size() > 4);
  CHECK_TRUE(record.unknown_feeds.size() > 16 && record.unknown_feeds.size() < engine::kFeedsMax);
  LONGS_EQUAL(64, record.evidence.back().indicator.size());
}

TEST(AlertDecoder, refuses_records_with_impossible_values) {
  const auto refused = [] {
    return !wire::decode_alert(wire::encode_alert(event, test_support::sample_book(), golden::context(), arena));
  };
  CHECK_FALSE(refused());
  event.at = engine::kForever;
  CHECK_TRUE(refused());
  event = golden::event();
  event.reports[0].value = 1.0 / 0.0 * 0.0;
  CHECK_TRUE(refused());
  event = golden::event();
  event.reports[0].credibility = 9;
  CHECK_TRUE(refused());
  event = golden::event();
  event.level = static_cast<engine::Level>(6);
  CHECK_TRUE(refused());
  event = golden::event();
  event.items[0].op = static_cast<std::uint8_t>(engine::Op::add);
  CHECK_TRUE(refused());
}

TEST(AlertDecoder, survives_every_flipped_bit_and_every_cut) {
  const auto bytes = wire::encode_alert(event, test_support::sample_book(), golden::context(), arena);
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  std::size_t refused = 0;
  for (std::size_t i = 0; i < copy.size() * 8; ++i) {
    copy[i / 8] ^= static_cast<std::byte>(1U << (i % 8));
    if (!wire::decode_alert(copy)) ++refused;
    copy[i / 8] ^= static_cast<std::byte>(1U << (i % 8));
  }
  CHECK_TRUE(refused > 100);
  for (std::size_t size = 0; size + 8 < copy.size(); ++size) {
    CHECK_FALSE(wire::decode_alert(std::span{copy}.first(size)).has_value());
  }
}
