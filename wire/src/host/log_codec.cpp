// SPDX-License-Identifier: Apache-2.0
#include "host/log_codec.hpp"

#include <string>
#include <vector>

#include "field_checks.hpp"
#include "host/input_writer.hpp"

namespace tocsin::wire {
namespace {
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::Vector;

std::string text_of(const flatbuffers::String* from) { return std::string{view_of(from)}; }

Offset<Vector<Offset<schemas::LogBatch>>> write_batches(FlatBufferBuilder& builder, const LogAnswer& answer) {
  if (answer.batches.empty()) return {};
  std::vector<Offset<schemas::LogBatch>> list;
  list.reserve(answer.batches.size());
  for (const auto& batch : answer.batches) {
    const auto bytes =
        builder.CreateVector(reinterpret_cast<const std::uint8_t*>(batch.bytes.data()), batch.bytes.size());
    list.push_back(schemas::CreateLogBatch(builder, batch.id, batch.clock, bytes));
  }
  return builder.CreateVector(list);
}

Offset<Vector<Offset<schemas::LogAct>>> write_acts(FlatBufferBuilder& builder, const LogAnswer& answer) {
  if (answer.acts.empty()) return {};
  std::vector<Offset<schemas::LogAct>> list;
  list.reserve(answer.acts.size());
  for (const auto& act : answer.acts) {
    const auto who = write_text(builder, act.who);
    const auto kind = write_text(builder, act.kind);
    const auto text = write_text(builder, act.text);
    list.push_back(schemas::CreateLogAct(builder, act.number, act.at, who, kind, text));
  }
  return builder.CreateVector(list);
}

Offset<Vector<Offset<schemas::LogGap>>> write_gaps(FlatBufferBuilder& builder, const LogAnswer& answer) {
  if (answer.gaps.empty()) return {};
  std::vector<Offset<schemas::LogGap>> list;
  list.reserve(answer.gaps.size());
  for (const auto& gap : answer.gaps) {
    const auto source = write_text(builder, gap.source);
    list.push_back(schemas::CreateLogGap(builder, gap.number, gap.at, source, gap.first, gap.last));
  }
  return builder.CreateVector(list);
}

Offset<Vector<Offset<schemas::RefusalCount>>> write_rejections(FlatBufferBuilder& builder, const LogAnswer& answer) {
  if (answer.rejections.empty()) return {};
  std::vector<Offset<schemas::RefusalCount>> list;
  list.reserve(answer.rejections.size());
  for (const auto& one : answer.rejections) {
    const auto principal = write_text(builder, one.principal);
    const auto sample = write_text(builder, one.sample);
    list.push_back(
        schemas::CreateRefusalCount(builder, principal, static_cast<std::uint8_t>(one.reason), one.count, sample));
  }
  return builder.CreateVector(list);
}

Offset<schemas::LogHead> write_head(FlatBufferBuilder& builder, const LogAnswer& answer) {
  if (!answer.head) return {};
  const auto chain = write_text(builder, answer.head->chain);
  const auto signature = write_text(builder, answer.head->signature);
  const auto public_key = write_text(builder, answer.head->public_key);
  const auto journal = write_text(builder, answer.head->journal);
  const auto alert_chain = write_text(builder, answer.head->alert_chain);
  const auto note_chain = write_text(builder, answer.head->note_chain);
  return schemas::CreateLogHead(builder, answer.head->batch, chain, signature, public_key, journal, answer.head->at,
                                answer.head->alert, answer.head->note, alert_chain, note_chain);
}

bool read_batches(const schemas::LogReply& table, LogAnswer& out) {
  if (table.batches() == nullptr) return true;
  for (const auto* batch : *table.batches()) {
    if (batch->bytes() == nullptr || !is_instant(batch->clock())) return false;
    const auto* first = reinterpret_cast<const std::byte*>(batch->bytes()->data());
    out.batches.push_back({batch->id(), batch->clock(), {first, first + batch->bytes()->size()}});
  }
  return true;
}
}  // namespace

Offset<schemas::LogReply> write_log(FlatBufferBuilder& builder, const LogAnswer& answer) {
  const auto batches = write_batches(builder, answer);
  const auto acts = write_acts(builder, answer);
  const auto gaps = write_gaps(builder, answer);
  const auto rejections = write_rejections(builder, answer);
  const auto head = write_head(builder, answer);
  return schemas::CreateLogReply(builder, answer.newest, batches, acts, gaps, rejections, head);
}

bool read_log(const schemas::LogReply& table, LogAnswer& out) {
  out.newest = table.newest();
  if (!read_batches(table, out)) return false;
  if (table.acts() != nullptr) {
    for (const auto* act : *table.acts()) {
      if (!is_instant(act->at())) return false;
      out.acts.push_back({act->number(), act->at(), text_of(act->who()), text_of(act->kind()), text_of(act->text())});
    }
  }
  if (table.gaps() != nullptr) {
    for (const auto* gap : *table.gaps()) {
      if (!is_instant(gap->at())) return false;
      out.gaps.push_back({gap->number(), gap->at(), text_of(gap->source()), gap->first(), gap->last()});
    }
  }
  if (table.rejections() != nullptr) {
    for (const auto* one : *table.rejections()) {
      if (one->reason() > static_cast<std::uint8_t>(Refusal::not_durable)) return false;
      out.rejections.push_back(
          {text_of(one->principal()), static_cast<Refusal>(one->reason()), one->count(), text_of(one->sample())});
    }
  }
  if (const auto* head = table.head(); head != nullptr) {
    out.head = {head->batch(),
                text_of(head->chain()),
                text_of(head->signature()),
                text_of(head->public_key()),
                text_of(head->journal()),
                head->at(),
                head->alert(),
                head->note(),
                text_of(head->alert_chain()),
                text_of(head->note_chain())};
  }
  return true;
}
}  // namespace tocsin::wire
