// SPDX-License-Identifier: Apache-2.0
#include <span>

#include "json_writer.hpp"

namespace tocsin::text {
namespace {
template <std::size_t kCapacity>
std::span<const std::string_view> items_of(const wire::ViewList<kCapacity>& list) {
  return std::span{list.items}.first(list.size);
}

void write_report(JsonWriter& json, const wire::InputView& view) {
  json.optional_text("feed", view.feed);
  if (view.seq) json.integer("seq", *view.seq);
  json.optional_text("indicator", view.indicator);
  json.instant("time", view.time);
  if (view.received) json.instant("received", *view.received);
  if (view.value) json.number("value", *view.value);
  json.optional_text("origin", view.origin);
  if (view.credibility != 0) json.integer("credibility", view.credibility);
  json.optional_text("actor", view.actor);
  json.optional_text("target", view.target);
  json.texts("tag", items_of(view.tags));
  if (view.latitude) json.number("lat", *view.latitude);
  if (view.longitude) json.number("lon", *view.longitude);
  json.optional_text("unit", view.unit);
  json.optional_text("ref", view.ref);
  json.optional_text("note", view.note);
  json.optional_text("marking", name_of(view.marking));
  json.texts("release", items_of(view.release));
  if (view.status != engine::Status::actual) json.text("status", name_of(view.status));
  if (view.target_seq) json.integer("supersedes", *view.target_seq);
}

void write_heartbeat(JsonWriter& json, const wire::InputView& view) {
  json.optional_text("feed", view.feed);
  json.instant("heartbeat", view.time);
  if (view.received) json.instant("received", *view.received);
}

void write_retraction(JsonWriter& json, const wire::InputView& view) {
  json.optional_text("feed", view.feed);
  if (view.seq) json.integer("seq", *view.seq);
  if (view.target_seq) json.integer("retracts", *view.target_seq);
  json.instant("time", view.time);
  if (view.received) json.instant("received", *view.received);
}
}  // namespace

std::string format_line(const wire::InputView& view) {
  JsonWriter json;
  json.begin_object();
  switch (view.kind) {
    case engine::InputKind::report:
      write_report(json, view);
      break;
    case engine::InputKind::heartbeat:
      write_heartbeat(json, view);
      break;
    case engine::InputKind::retraction:
      write_retraction(json, view);
      break;
    case engine::InputKind::clock:
      json.instant("clock", view.time);
      break;
  }
  json.end_object();
  return json.take();
}
}  // namespace tocsin::text
