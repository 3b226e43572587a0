// SPDX-License-Identifier: Apache-2.0
#include "json_writer.hpp"

namespace tocsin::text {
namespace {
using wire::AlertRecord;

// A string: not every JSON reader keeps 64 bits of a number.
std::string hash_text(std::uint64_t hash) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t i = 0; i < out.size(); ++i) out[out.size() - 1 - i] = kHex[(hash >> (4U * i)) & 0xFU];
  return out;
}

void write_reports(JsonWriter& json, const std::vector<AlertRecord::Report>& reports) {
  if (reports.empty()) return;
  json.key("reports");
  json.begin_array();
  for (const auto& report : reports) {
    json.begin_object();
    json.optional_text("feed", report.feed);
    json.integer("seq", report.seq);
    json.instant("time", report.time);
    json.number("value", report.value);
    json.optional_text("origin", report.origin);
    json.optional_text("grade", report.grade);
    json.end_object();
  }
  json.end_array();
}

void write_item(JsonWriter& json, const AlertRecord::Evidence& item, engine::Instant event_at) {
  json.begin_object();
  json.optional_text("condition", item.condition);
  json.optional_text("indicator", item.indicator);
  write_reports(json, item.reports);
  json.text("number", item.number);
  if (item.quantile) json.number("q", *item.quantile);
  if (item.window_ms != 0) json.text("window", format_span(item.window_ms));
  if (item.ago_ms != 0) json.text("ending", format_span(item.ago_ms));
  json.optional_text("filter", format_filter(item.filter));
  if (item.at_least != 0) json.integer("at_least", item.at_least);
  if (item.value) {
    json.number("value", *item.value);
  } else {
    json.text("value", "unknown");
  }
  if (item.at != event_at) json.instant("at", item.at);
  json.optional_text("feed", item.feed);
  json.flag("saturated", item.saturated);
  json.end_object();
}

void write_evidence(JsonWriter& json, const AlertRecord& alert) {
  if (alert.evidence.empty()) return;
  json.integer("origins", alert.origins);
  json.key("evidence");
  json.begin_array();
  for (const auto& item : alert.evidence) write_item(json, item, alert.at);
  json.end_array();
}

void write_theaters(JsonWriter& json, const AlertRecord& alert) {
  if (alert.theaters.empty()) return;
  json.key("theaters");
  json.begin_array();
  for (const auto& theater : alert.theaters) {
    json.begin_object();
    json.text("theater", theater.theater);
    json.text("level", name_of(theater.level));
    json.end_object();
  }
  json.end_array();
}

void write_hypotheses(JsonWriter& json, const AlertRecord& alert) {
  if (alert.hypotheses.empty()) return;
  json.key("hypotheses");
  json.begin_array();
  for (const auto& hypothesis : alert.hypotheses) {
    json.begin_object();
    json.text("name", hypothesis.name);
    json.number("weight", hypothesis.weight);
    json.end_object();
  }
  json.end_array();
}

void write_against(JsonWriter& json, const AlertRecord& alert) {
  if (alert.against.empty()) return;
  json.key("against");
  json.begin_array();
  for (const auto& against : alert.against) {
    json.begin_object();
    json.text("condition", against.condition);
    json.text("value", name_of(against.value));
    json.end_object();
  }
  json.end_array();
}

void write_disconfirmers(JsonWriter& json, const AlertRecord& alert) {
  if (alert.disconfirmers.empty()) return;
  json.key("disconfirm");
  json.begin_array();
  for (const auto& one : alert.disconfirmers) {
    json.begin_object();
    json.text("text", one.text);
    json.instant("due", one.due);
    json.end_object();
  }
  json.end_array();
}

void write_retraction(JsonWriter& json, const AlertRecord& alert) {
  if (alert.retracts_kind) {
    json.key("retracts");
    json.begin_object();
    json.text("event", name_of(*alert.retracts_kind));
    json.instant("at", alert.retracts_at);
    json.end_object();
  }
  if (alert.reason) {
    json.key("reason");
    json.begin_object();
    json.optional_text("feed", alert.reason->feed);
    if (alert.reason->heartbeat) {
      json.instant("heartbeat", alert.reason->time);
    } else {
      json.integer("seq", alert.reason->seq);
    }
    json.end_object();
  }
}

// `unknown` and `known` speak of an alert that is down: there is no episode.
bool has_episode(engine::EventKind kind) {
  return kind != engine::EventKind::unknown && kind != engine::EventKind::known;
}
}  // namespace

std::string format_filter(const std::vector<AlertRecord::FilterTerm>& filter) {
  std::string out;
  for (const auto& term : filter) {
    if (!out.empty()) out += ", ";
    out.append(term.key).append(" ").append(term.comparison).append(" ");
    out += term.word.empty() ? format_number(term.number) : term.word;
  }
  return out;
}

std::string format_alert(const AlertRecord& alert) {
  JsonWriter json;
  json.begin_object();
  json.text("event", name_of(alert.kind));
  json.text("name", alert.name);
  json.text("kind", alert.alert_kind == engine::AlertKind::linkage ? "linkage" : "alert");
  json.text("level", name_of(alert.level));
  if (has_episode(alert.kind)) json.instant("raised_at", alert.raised_at);
  json.instant("at", alert.at);
  json.instant("detected_at", alert.detected_at);
  json.integer("rev", alert.rev);
  json.text("rule", hash_text(alert.rule));
  json.text("book", hash_text(alert.book));
  json.optional_text("site", alert.site);
  if (alert.number) json.integer("n", *alert.number);
  json.text("status", name_of(alert.status));
  write_theaters(json, alert);
  write_evidence(json, alert);
  json.texts("unknown_feeds", alert.unknown_feeds);
  write_hypotheses(json, alert);
  json.optional_text("title", alert.title);
  json.texts("blind_indicators", alert.blind_indicators);
  write_against(json, alert);
  json.texts("caveats", alert.caveats);
  write_disconfirmers(json, alert);
  json.optional_text("marking", name_of(alert.marking));
  json.texts("release", alert.release);
  json.flag("saturated", alert.saturated);
  json.flag("truncated", alert.truncated);
  json.flag("not_journaled", alert.not_journaled);
  json.flag("history", alert.history);
  if (alert.by_book) json.text("why", "book");
  write_retraction(json, alert);
  if (alert.boot) json.text("boot", hash_text(*alert.boot));
  json.flag("provisional", alert.provisional);
  json.texts("lost_feeds", alert.lost_feeds);
  json.flag("shelved", alert.shelved);
  json.end_object();
  return json.take();
}
}  // namespace tocsin::text
