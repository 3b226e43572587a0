// SPDX-License-Identifier: Apache-2.0
/// What: today's reader takes what senders of the past and of the future send, and refuses only what it cannot know.
/// How: batches are written with an older and a newer copy of the schema and read with the real reader.
#include <string_view>

#include "tocsin/schemas/report_newer_generated.h"
#include "tocsin/schemas/report_older_generated.h"
#include "tocsin/wire/batch_codec.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names
using wire::Refusal;

namespace {
constexpr std::int64_t kTime = 1'716'426'000'000;

template <class Root>
std::vector<std::byte> finish(flatbuffers::FlatBufferBuilder& builder, flatbuffers::Offset<Root> root) {
  builder.Finish(root, "TCIB");
  const auto* first = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {first, first + builder.GetSize()};
}

std::vector<std::byte> older_batch() {
  flatbuffers::FlatBufferBuilder builder;
  const auto report = older::CreateReportDirect(builder, "mnd_daily", 12, "pla_aircraft", kTime, 49.0);
  const auto heartbeat = older::CreateHeartbeatDirect(builder, "launches", kTime);
  const std::vector<flatbuffers::Offset<older::Input>> items{older::CreateInput(builder, report),
                                                             older::CreateInput(builder, 0, heartbeat)};
  return finish(builder, older::CreateBatchDirect(builder, 5, &items));
}

flatbuffers::Offset<newer::Report> newer_report(flatbuffers::FlatBufferBuilder& builder, newer::Marking marking) {
  const auto feed = builder.CreateString("mnd_daily");
  const auto indicator = builder.CreateString("pla_aircraft");
  const auto mood = builder.CreateString("tense");
  const std::vector<flatbuffers::Offset<newer::Witness>> witnesses{newer::CreateWitnessDirect(builder, "radar", 0.5),
                                                                   newer::CreateWitnessDirect(builder, "eye")};
  const auto list = builder.CreateVector(witnesses);
  newer::ReportBuilder table{builder};
  table.add_feed(feed);
  table.add_indicator(indicator);
  table.add_seq(12);
  table.add_time(kTime);
  table.add_value(49.0);
  table.add_marking(marking);
  table.add_mood(mood);
  table.add_witnesses(list);
  return table.Finish();
}

std::vector<std::byte> newer_batch() {
  flatbuffers::FlatBufferBuilder builder;
  const auto plain = newer_report(builder, newer::Marking::amber);
  const auto rumour = newer::CreateRumourDirect(builder, "they say");
  const auto unheard_of = newer_report(builder, newer::Marking::infrared);
  const std::vector<flatbuffers::Offset<newer::Input>> items{newer::CreateInput(builder, plain),
                                                             newer::CreateInput(builder, 0, 0, 0, 0, rumour),
                                                             newer::CreateInput(builder, unheard_of)};
  return finish(builder, newer::CreateBatchDirect(builder, 6, &items, "station 7"));
}
wire::InputView report_of_today() {
  wire::InputView view;
  view.feed = "mnd_daily";
  view.indicator = "pla_aircraft";
  view.seq = 3;
  view.time = kTime;
  view.note = "a field an older reader has no name for";
  return view;
}

// The first report as another version's reader sees it, or nullptr.
template <class Batch>
auto* first_report(const std::vector<std::byte>& bytes) {
  flatbuffers::Verifier verifier{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  decltype(flatbuffers::GetRoot<Batch>(nullptr)->items()->Get(0)->report()) none = nullptr;
  if (!verifier.VerifyBuffer<Batch>("TCIB")) return none;
  const auto* items = flatbuffers::GetRoot<Batch>(bytes.data())->items();
  if (items == nullptr || items->size() != 1) return none;
  const auto* item = items->Get(0);
  return item == nullptr ? none : item->report();
}

std::string_view text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}
}  // namespace

TEST_GROUP(Evolution) {
  std::vector<std::byte> bytes;
  wire::BatchReader reader;
  wire::InputView view;
};

TEST(Evolution, older_senders_are_understood) {
  bytes = older_batch();
  CHECK_TRUE(reader.open(bytes));
  UNSIGNED_LONGLONGS_EQUAL(5, reader.frame());
  LONGS_EQUAL(2, reader.count());
  STRCMP_EQUAL("none", wire::name_of(reader.item(0, view)));
  CHECK_TRUE(view.feed == "mnd_daily" && view.indicator == "pla_aircraft" && view.time == kTime);
  DOUBLES_EQUAL(49.0, view.value.value_or(0), 0.0);
  CHECK_TRUE(view.origin.empty() && view.credibility == 0 && view.status == engine::Status::actual);
  STRCMP_EQUAL("none", wire::name_of(reader.item(1, view)));
  CHECK_TRUE(view.kind == engine::InputKind::heartbeat);
}

TEST(Evolution, fields_of_newer_senders_are_passed_over) {
  bytes = newer_batch();
  CHECK_TRUE(reader.open(bytes));
  LONGS_EQUAL(3, reader.count());
  STRCMP_EQUAL("none", wire::name_of(reader.item(0, view)));
  CHECK_TRUE(view.feed == "mnd_daily" && view.time == kTime && view.marking == wire::Marking::amber);
}

TEST(Evolution, kinds_and_words_of_newer_senders_are_refused_one_by_one) {
  bytes = newer_batch();
  CHECK_TRUE(reader.open(bytes));
  STRCMP_EQUAL("malformed", wire::name_of(reader.item(1, view)));
  STRCMP_EQUAL("bad_field", wire::name_of(reader.item(2, view)));
}

TEST(Evolution, a_newer_reader_understands_today) {
  const wire::InputView today = report_of_today();
  bytes = wire::encode_batch(9, {&today, 1});
  const auto* report = first_report<newer::Batch>(bytes);
  CHECK_TRUE(report != nullptr);
  if (report == nullptr) return;
  CHECK_TRUE(text_of(report->feed()) == "mnd_daily" && report->time().value_or(0) == kTime);
  CHECK_TRUE(report->mood() == nullptr && report->witnesses() == nullptr);
}

TEST(Evolution, an_older_reader_understands_today) {
  const wire::InputView today = report_of_today();
  bytes = wire::encode_batch(9, {&today, 1});
  const auto* report = first_report<older::Batch>(bytes);
  CHECK_TRUE(report != nullptr);
  if (report == nullptr) return;
  CHECK_TRUE(text_of(report->indicator()) == "pla_aircraft" && report->seq().value_or(0) == 3);
}
