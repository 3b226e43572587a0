// SPDX-License-Identifier: Apache-2.0
#include "input_table.hpp"

#include "field_checks.hpp"

namespace tocsin::wire {
namespace {
using engine::InputKind;

constexpr engine::Instant kNoTime = -1;  // outside the range, so that the check refuses it

template <class T>
std::optional<T> optional_of(const flatbuffers::Optional<T>& value) {
  return value.has_value() ? std::optional<T>{value.value()} : std::nullopt;
}

// False when the list is longer than its place.
template <std::size_t kCapacity>
bool read_list(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* from, ViewList<kCapacity>& to) {
  if (from == nullptr) return true;
  for (const auto* text : *from) {
    if (to.size == kCapacity) return false;
    to.items[to.size++] = view_of(text);
  }
  return true;
}

// False when a list is longer than its place.
bool read(const schemas::Report& table, InputView& out) {
  out.kind = InputKind::report;
  out.status = static_cast<engine::Status>(table.status());
  out.marking = static_cast<Marking>(table.marking());
  out.credibility = table.credibility();
  out.feed = view_of(table.feed());
  out.indicator = view_of(table.indicator());
  out.origin = view_of(table.origin());
  out.actor = view_of(table.actor());
  out.target = view_of(table.target());
  out.unit = view_of(table.unit());
  out.ref = view_of(table.ref());
  out.note = view_of(table.note());
  out.seq = optional_of(table.seq());
  out.target_seq = optional_of(table.supersedes());
  out.value = optional_of(table.value());
  out.latitude = optional_of(table.lat());
  out.longitude = optional_of(table.lon());
  out.received = optional_of(table.received());
  out.time = table.time().value_or(kNoTime);
  return read_list(table.tags(), out.tags) && read_list(table.release(), out.release);
}

void read(const schemas::Heartbeat& table, InputView& out) {
  out.kind = InputKind::heartbeat;
  out.feed = view_of(table.feed());
  out.received = optional_of(table.received());
  out.time = table.time().value_or(kNoTime);
}

void read(const schemas::Retraction& table, InputView& out) {
  out.kind = InputKind::retraction;
  out.feed = view_of(table.feed());
  out.seq = optional_of(table.seq());
  out.target_seq = optional_of(table.retracts());
  out.received = optional_of(table.received());
  out.time = table.time().value_or(kNoTime);
}
}  // namespace

Refusal read_input(const schemas::Input* table, InputView& out) {
  out = InputView{};
  if (table == nullptr) return Refusal::malformed;
  const auto* report = table->report();
  const auto* heartbeat = table->heartbeat();
  const auto* retraction = table->retraction();
  const auto* clock = table->clock();
  const int kinds = (report != nullptr ? 1 : 0) + (heartbeat != nullptr ? 1 : 0) + (retraction != nullptr ? 1 : 0) +
                    (clock != nullptr ? 1 : 0);
  if (kinds != 1) return Refusal::malformed;
  if (report != nullptr && !read(*report, out)) return Refusal::bad_field;
  if (heartbeat != nullptr) read(*heartbeat, out);
  if (retraction != nullptr) read(*retraction, out);
  if (clock != nullptr) {
    out.kind = InputKind::clock;
    out.time = clock->time().value_or(kNoTime);
  }
  return check_fields(out);
}
}  // namespace tocsin::wire
