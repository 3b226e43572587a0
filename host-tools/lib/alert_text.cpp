// SPDX-License-Identifier: Apache-2.0
#include "lib/alert_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "tocsin/text/json_lines.hpp"

namespace tocsin::tools {
namespace {
using Evidence = wire::AlertRecord::Evidence;

std::string upper(std::string_view text) {
  std::string out{text};
  for (char& character : out) {
    if (character >= 'a' && character <= 'z') character = static_cast<char>(character - 'a' + 'A');
  }
  return out;
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t have = width_of(text);
  if (have < width) text.append(width - have, ' ');
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ", ";
    out += printable(name);
  }
  return out;
}

/// `pla_aircraft[value >= 20]`.
std::string subject_of(const Evidence& item) {
  const std::string filter = text::format_filter(item.filter);
  return printable(item.indicator) + (filter.empty() ? "" : "[" + printable(filter) + "]");
}

/// `sum(pla_aircraft, 24h)`, `dprk_severe`, `overdue(mnd_daily)`.
std::string question_of(const Evidence& item) {
  if (item.number == "pulse") return subject_of(item);
  if (item.number == "overdue") return "overdue(" + printable(item.feed) + ")";
  std::string out = printable(item.number) + "(" + subject_of(item);
  if (item.quantile) out += ", " + text::format_number(*item.quantile);
  if (item.window_ms > 0) out += ", " + text::format_span(item.window_ms);
  if (item.ago_ms > 0) out += " ending " + text::format_span(item.ago_ms) + " ago";
  if (item.at_least > 0) out += ", at least " + std::to_string(item.at_least);
  return out + ")";
}

std::string answer_of(const Evidence& item, const Palette& palette) {
  if (!item.value) return palette.yellow("unknown");
  if (item.number == "pulse") return *item.value != 0.0 ? "reported" : "no report";
  if (item.number == "overdue") return *item.value != 0.0 ? palette.yellow("silent too long") : "in contact";
  return "= " + palette.bold(text::format_number(*item.value));
}

std::string evidence_lines(const Evidence& item, const wire::AlertRecord& alert, const AlertTextOptions& options) {
  std::string out = question_of(item) + " " + answer_of(item, options.palette);
  if (!item.condition.empty()) out += options.palette.dim("  in " + printable(item.condition));
  if (item.at != alert.at) out += options.palette.dim("  at " + text::format_instant(item.at));
  if (item.saturated) out += "  " + options.palette.yellow("(more reports than are kept)");
  out += '\n';
  const std::size_t shown = std::min(item.reports.size(), options.reports_max);
  for (std::size_t index = 0; index < shown; ++index) {
    const auto& report = item.reports[index];
    out += "              " + padded(text::format_instant(report.time), 20) + "  " +
           padded(text::format_number(report.value), 6) + "  " +
           padded(printable(report.origin) + " " + printable(report.grade), 10) + "  " +
           options.palette.dim(printable(report.feed) + " #" + std::to_string(report.seq)) + "\n";
  }
  if (item.reports.size() > shown) out += "              and " + grouped(item.reports.size() - shown) + " more\n";
  return out;
}

std::string reason_text(const wire::AlertRecord& alert) {
  const auto& reason = *alert.reason;
  const std::string what = reason.heartbeat ? "a heartbeat of " + printable(reason.feed)
                                            : printable(reason.feed) + " #" + std::to_string(reason.seq);
  return what + " for " + text::format_instant(reason.time);
}

std::string field(const Palette& palette, std::string_view name, const std::string& text) {
  return "  " + palette.dim(padded(std::string{name}, 10)) + text + "\n";
}

std::string when_lines(const wire::AlertRecord& alert, const AlertTextOptions& options) {
  std::string out;
  if (alert.raised_at != alert.at && alert.kind != engine::EventKind::unknown &&
      alert.kind != engine::EventKind::known) {
    out += field(options.palette, "raised",
                 text::format_instant(alert.raised_at) + " (" + span_text(alert.at - alert.raised_at) + " before)");
  }
  if (alert.detected_at != alert.at) {
    out += field(options.palette, "detected",
                 text::format_instant(alert.detected_at) + " (" + span_text(alert.detected_at - alert.at) + " after)");
  }
  return out;
}

std::string state_lines(const wire::AlertRecord& alert, const AlertTextOptions& options) {
  std::string out;
  if (alert.retracts_kind) {
    out += field(options.palette, "withdraws",
                 std::string{text::name_of(*alert.retracts_kind)} + " of " + text::format_instant(alert.retracts_at));
  }
  if (alert.reason) out += field(options.palette, "because", "of late news: " + reason_text(alert));
  std::string theaters;
  for (const auto& theater : alert.theaters) {
    if (!theaters.empty()) theaters += ", ";
    theaters += printable(theater.theater) + " " + options.palette.level(theater.level, text::name_of(theater.level));
  }
  if (!theaters.empty()) out += field(options.palette, "theaters", theaters);
  return out;
}

std::string why_lines(const wire::AlertRecord& alert, const AlertTextOptions& options) {
  std::string out;
  if (options.evidence) {
    std::string_view name = "why";
    for (const Evidence& item : alert.evidence) {
      out += "  " + options.palette.dim(padded(std::string{name}, 10)) + evidence_lines(item, alert, options);
      name = "";
    }
    if (alert.origins != 0) {
      out += field(options.palette, "witnesses", counted(alert.origins, "distinct origin", "distinct origins"));
    }
  }
  if (alert.truncated) out += field(options.palette, "", options.palette.yellow("the evidence did not all fit"));
  if (!alert.unknown_feeds.empty()) {
    out += field(options.palette, "silent", options.palette.yellow("feeds overdue: " + joined(alert.unknown_feeds)));
  }
  if (!alert.blind_indicators.empty()) {
    out += field(options.palette, "unknown", options.palette.yellow("no news of: " + joined(alert.blind_indicators)));
  }
  return out;
}
/// What an analyst weighs it with: explanations, what speaks against, caveats, what to look out for, who may know.
std::string judgement_lines(const wire::AlertRecord& alert, const AlertTextOptions& options) {
  const Palette& palette = options.palette;
  std::string out;
  std::string_view name = "suggests";
  for (const auto& one : alert.hypotheses) {
    const std::string weight = (one.weight > 0 ? "+" : "") + std::to_string(one.weight);
    out += field(palette, name,
                 padded(weight, 4) + (one.title.empty() ? printable(one.name) : printable(one.title)) +
                     (one.title.empty() ? "" : palette.dim("  " + printable(one.name))));
    name = "";
  }
  name = "against";
  for (const auto& one : alert.against) {
    const std::string value{text::name_of(one.value)};
    out += field(palette, name,
                 printable(one.condition) + " is " +
                     (one.value == engine::Truth::yes       ? palette.bold(value)
                      : one.value == engine::Truth::unknown ? palette.yellow(value)
                                                            : value));
    name = "";
  }
  name = "caveat";
  for (const std::string& caveat : alert.caveats) {
    out += field(palette, name, printable(caveat));
    name = "";
  }
  name = "disproved";
  for (const auto& one : alert.disconfirmers) {
    out += field(palette, name, "by: " + printable(one.text) + palette.dim("  due " + text::format_instant(one.due)));
    name = "";
  }
  std::string handling = upper(text::name_of(alert.marking));
  if (!alert.release.empty()) handling += (handling.empty() ? "release to " : ", release to ") + joined(alert.release);
  if (!handling.empty()) out += field(palette, "marking", handling);
  return out;
}
}  // namespace

std::string alert_headline(const wire::AlertRecord& alert, const Palette& palette) {
  const bool knowledge = alert.kind == engine::EventKind::unknown || alert.kind == engine::EventKind::known;
  std::string out = padded(text::format_instant(alert.at), 20) + "  ";
  const std::string event = padded(upper(text::name_of(alert.kind)), 9);
  out += alert.kind == engine::EventKind::raised || alert.kind == engine::EventKind::escalated ? palette.bold(event)
                                                                                               : event;
  out += "  " +
         (knowledge ? std::string(8, ' ') : palette.level(alert.level, padded(upper(text::name_of(alert.level)), 8)));
  out += "  " + palette.bold(printable(alert.name));
  if (!alert.title.empty()) out += "  \"" + printable(alert.title) + "\"";
  if (alert.alert_kind == engine::AlertKind::linkage) out += palette.dim("  linkage");
  if (alert.rev != 0) out += palette.dim("  rev " + std::to_string(alert.rev));
  if (alert.status == engine::Status::exercise) out += "  [exercise]";
  if (alert.status == engine::Status::test) out += palette.dim("  [test]");
  if (alert.number) out += palette.dim("  n=" + std::to_string(*alert.number));
  if (alert.not_journaled) out += "  " + palette.red("[not journaled]");
  if (alert.provisional) out += "  " + palette.yellow("[provisional]");
  if (!alert.lost_feeds.empty()) {
    out += "  " + palette.yellow("[messages lost of");
    for (const auto& feed : alert.lost_feeds) out += " " + palette.yellow(printable(feed));
    out += palette.yellow("]");
  }
  if (alert.shelved) out += palette.dim("  [shelved]");
  if (alert.history) out += palette.dim("  [history]");
  if (alert.by_book) out += "  [by a new book]";
  return out + "\n";
}

std::string alert_text(const wire::AlertRecord& alert, const AlertTextOptions& options) {
  return alert_headline(alert, options.palette) + when_lines(alert, options) + state_lines(alert, options) +
         why_lines(alert, options) + judgement_lines(alert, options);
}

std::string gone_alerts_text(std::uint64_t first, std::uint64_t last) {
  const bool one = first == last;
  return (one ? "alert event " + std::to_string(first) + " is"
              : "alert events " + std::to_string(first) + " to " + std::to_string(last) + " are") +
         " gone: the journal's bound removed " + (one ? "it" : "them");
}
}  // namespace tocsin::tools
