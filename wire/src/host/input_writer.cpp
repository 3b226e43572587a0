// SPDX-License-Identifier: Apache-2.0
#include "host/input_writer.hpp"

#include <array>

namespace tocsin::wire {
namespace {
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::String;

template <std::size_t kCapacity>
Offset<flatbuffers::Vector<Offset<String>>> write_list(FlatBufferBuilder& builder, const ViewList<kCapacity>& list) {
  if (list.size == 0) return {};
  std::array<Offset<String>, kCapacity> texts;
  for (std::size_t i = 0; i < list.size; ++i) {
    texts.at(i) = builder.CreateString(list.items[i].data(), list.items[i].size());
  }
  return builder.CreateVector(texts.data(), list.size);
}

Offset<schemas::Report> write_report(FlatBufferBuilder& builder, const InputView& view) {
  const auto feed = write_text(builder, view.feed);
  const auto indicator = write_text(builder, view.indicator);
  const auto origin = write_text(builder, view.origin);
  const auto actor = write_text(builder, view.actor);
  const auto target = write_text(builder, view.target);
  const auto unit = write_text(builder, view.unit);
  const auto ref = write_text(builder, view.ref);
  const auto note = write_text(builder, view.note);
  const auto tags = write_list(builder, view.tags);
  const auto release = write_list(builder, view.release);
  schemas::ReportBuilder table{builder};
  if (view.seq) table.add_seq(*view.seq);
  table.add_time(view.time);
  if (view.value) table.add_value(*view.value);
  if (view.received) table.add_received(*view.received);
  if (view.target_seq) table.add_supersedes(*view.target_seq);
  if (view.latitude) table.add_lat(*view.latitude);
  if (view.longitude) table.add_lon(*view.longitude);
  table.add_feed(feed);
  table.add_indicator(indicator);
  table.add_origin(origin);
  table.add_actor(actor);
  table.add_target(target);
  table.add_tags(tags);
  table.add_unit(unit);
  table.add_ref(ref);
  table.add_note(note);
  table.add_release(release);
  table.add_credibility(view.credibility);
  table.add_status(static_cast<schemas::Status>(view.status));
  table.add_marking(static_cast<schemas::Marking>(view.marking));
  return table.Finish();
}

Offset<schemas::Heartbeat> write_heartbeat(FlatBufferBuilder& builder, const InputView& view) {
  const auto feed = write_text(builder, view.feed);
  schemas::HeartbeatBuilder table{builder};
  table.add_time(view.time);
  if (view.received) table.add_received(*view.received);
  table.add_feed(feed);
  return table.Finish();
}

Offset<schemas::Retraction> write_retraction(FlatBufferBuilder& builder, const InputView& view) {
  const auto feed = write_text(builder, view.feed);
  schemas::RetractionBuilder table{builder};
  if (view.seq) table.add_seq(*view.seq);
  if (view.target_seq) table.add_retracts(*view.target_seq);
  table.add_time(view.time);
  if (view.received) table.add_received(*view.received);
  table.add_feed(feed);
  return table.Finish();
}
}  // namespace

Offset<schemas::Input> write_input(FlatBufferBuilder& builder, const InputView& view) {
  switch (view.kind) {
    case engine::InputKind::report:
      return schemas::CreateInput(builder, write_report(builder, view));
    case engine::InputKind::heartbeat:
      return schemas::CreateInput(builder, 0, write_heartbeat(builder, view));
    case engine::InputKind::retraction:
      return schemas::CreateInput(builder, 0, 0, write_retraction(builder, view));
    case engine::InputKind::clock:
      break;
  }
  return schemas::CreateInput(builder, 0, 0, 0, schemas::CreateClock(builder, view.time));
}

std::vector<std::byte> bytes_of(const FlatBufferBuilder& builder) {
  const auto* first = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {first, first + builder.GetSize()};
}
}  // namespace tocsin::wire
