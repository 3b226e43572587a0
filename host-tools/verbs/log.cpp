// SPDX-License-Identifier: Apache-2.0
#include "verbs/log.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "tocsin/journal/journal.hpp"
#include "tocsin/text/json_lines.hpp"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/batch_codec.hpp"

#include "lib/alert_text.hpp"
#include "lib/exit_status.hpp"
#include "lib/json.hpp"
#include "lib/level.hpp"
#include "lib/net.hpp"
#include "lib/status_text.hpp"
#include "verbs/log_verify.hpp"

namespace tocsin::tools {
namespace {
void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::string_view name_of(engine::Disposition disposition) {
  switch (disposition) {
    case engine::Disposition::taken:
      return "taken";
    case engine::Disposition::duplicate:
      return "duplicate";
    case engine::Disposition::reused:
      return "reused";
    case engine::Disposition::stale:
      return "stale";
    case engine::Disposition::withdrawn:
      return "withdrawn";
    case engine::Disposition::not_evaluated:
      return "not_evaluated";
    case engine::Disposition::full:
      return "full";
  }
  return "?";
}

class Log {
 public:
  Log(const LogOptions& options, engine::Level least) : options_{options}, least_{least} {
    text_.palette.on = wants_colour(stdout);
  }
  int run();

 private:
  [[nodiscard]] Exit from_daemon();
  [[nodiscard]] Exit from_file();
  [[nodiscard]] Exit alerts_from(Control& control);
  [[nodiscard]] Exit pages_from(Control& control);
  [[nodiscard]] bool show_page(const wire::LogAnswer& page, std::uint64_t end);
  [[nodiscard]] bool show_alert(std::span<const std::byte> bytes);
  [[nodiscard]] bool show_batch(const journal::StoredBatch& batch);
  [[nodiscard]] bool show_inputs(std::uint64_t id, wire::JournalBatchReader& reader);
  [[nodiscard]] bool show_act(const journal::Act& act);
  [[nodiscard]] bool show_gap(const journal::Gap& gap);
  void show_rejections(const std::vector<wire::RefusalCount>& refusals);
  void tell_gone(std::uint64_t first, std::uint64_t last) const;
  void finish();
  [[nodiscard]] bool more() const { return (options_.limit == 0 || rows_ < options_.limit) && !stop_requested(); }
  [[nodiscard]] Exit failed(const std::string& text, Exit exit) {
    std::fprintf(stderr, "%s\n", text.c_str());
    return exit;
  }

  const LogOptions& options_;
  engine::Level least_;
  AlertTextOptions text_;
  Table batches_{{{"batch", Table::Align::right},
                  {"clock"},
                  {"inputs", Table::Align::right},
                  {"first time"},
                  {"last time"},
                  {"bytes", Table::Align::right}}};
  std::uint64_t rows_ = 0;
  std::uint64_t damaged_ = 0;
};

bool Log::show_alert(std::span<const std::byte> bytes) {
  const AlignedBuffer buffer{bytes};
  const auto alert = wire::decode_alert(buffer.bytes());
  if (!alert) {
    ++damaged_;
    return true;
  }
  if (!is_wanted(*alert, least_)) return true;
  if (!more()) return false;
  ++rows_;
  if (options_.json) {
    print(text::format_alert(*alert) + "\n");
  } else {
    print(options_.brief ? alert_headline(*alert, text_.palette) : alert_text(*alert, text_) + "\n");
  }
  return more();
}

bool Log::show_inputs(std::uint64_t id, wire::JournalBatchReader& reader) {
  for (std::size_t index = 0; index < reader.count() && more(); ++index) {
    wire::JournalItem item;
    if (!reader.next(item)) {
      ++damaged_;
      continue;
    }
    ++rows_;
    // What the engine was stepped with, so that `replay` of this output goes the same way.
    if (item.input.kind != engine::InputKind::clock) item.input.received = item.clock;
    const std::string line = text::format_line(item.input);
    if (options_.json) {
      print(line + "\n");
    } else {
      print(std::to_string(id) + "  " + std::string{name_of(item.disposition)} + "  " + line + "\n");
    }
  }
  return more();
}

bool Log::show_batch(const journal::StoredBatch& batch) {
  const AlignedBuffer buffer{batch.bytes};
  wire::JournalBatchReader reader;
  if (!reader.open(buffer.bytes())) {
    ++damaged_;
    return true;
  }
  if (options_.what == "inputs") return show_inputs(batch.id, reader);
  engine::Instant first = engine::kForever;
  engine::Instant last = engine::kNever;
  for (std::size_t index = 0; index < reader.count(); ++index) {
    wire::JournalItem item;
    if (!reader.next(item)) continue;
    first = std::min(first, item.input.time);
    last = std::max(last, item.input.time);
  }
  ++rows_;
  const bool any = last != engine::kNever;
  if (options_.json) {
    JsonObject object;
    object.number("batch", batch.id).instant("clock", batch.clock).number("inputs", reader.count());
    object.instant("first_time", first).instant("last_time", last).number("bytes", batch.bytes.size());
    print(object.str() + "\n");
  } else {
    batches_.row({std::to_string(batch.id), text::format_instant(batch.clock), grouped(reader.count()),
                  any ? text::format_instant(first) : "-", any ? text::format_instant(last) : "-",
                  grouped(batch.bytes.size())});
  }
  return more();
}

bool Log::show_act(const journal::Act& act) {
  ++rows_;
  if (options_.json) {
    JsonObject object;
    object.instant("at", act.at).text("principal", act.principal).text("act", act.kind).text("text", act.text);
    print(object.str() + "\n");
  } else {
    print(text::format_instant(act.at) + "  " + std::string{act.principal} + "  " + std::string{act.kind} + "  " +
          std::string{act.text} + "\n");
  }
  return more();
}

bool Log::show_gap(const journal::Gap& gap) {
  ++rows_;
  const bool shed = gap.kind == journal::GapKind::shed;
  if (options_.json) {
    JsonObject object;
    object.instant("at", gap.at).text("kind", shed ? "shed" : "broadcast");
    if (!shed) object.text("source", gap.source);
    object.number("first", gap.first).number("last", gap.last);
    print(object.str() + "\n");
  } else {
    print(text::format_instant(gap.at) + "  " +
          (shed ? "removed because the disk's bound was near: batches "
                : "never came from " + std::string{gap.source} + ": ") +
          std::to_string(gap.first) + " to " + std::to_string(gap.last) + "\n");
  }
  return more();
}

void Log::show_rejections(const std::vector<wire::RefusalCount>& refusals) {
  if (!options_.json) return print(refusals_text(refusals, text_.palette));
  for (const auto& refusal : refusals) print(refusal_json(refusal) + "\n");
}

Exit Log::alerts_from(Control& control) {
  std::uint64_t newest = options_.since;
  for (bool again = true; again && more();) {
    const auto reply =
        control.ask({.kind = wire::ControlKind::alerts_since, .id = 0, .feed = {}, .since = newest, .limit = 0});
    if (!reply) return failed(control.error(), Exit::unreachable);
    if (!reply->ok) return failed(options_.source + ": " + reply->error, Exit::bad_input);
    tell_gone(reply->gone_first, reply->gone_last);
    for (const auto& bytes : reply->alerts) {
      if (!show_alert(bytes)) return Exit::done;
    }
    const std::uint64_t before = newest;
    newest = std::max(newest, reply->cursor.value_or(newest));  // not all up to there are for us to see
    again = reply->more && newest > before;
  }
  return Exit::done;
}

bool Log::show_page(const wire::LogAnswer& page, std::uint64_t end) {
  for (const auto& batch : page.batches) {
    if (batch.id > end || !show_batch({batch.id, batch.clock, 0, batch.bytes})) return false;
  }
  for (const auto& act : page.acts) {
    if (act.number > end || !show_act({act.at, act.who, act.kind, act.text})) return false;
  }
  for (const auto& gap : page.gaps) {
    const auto kind = gap.number == 0 ? journal::GapKind::shed : journal::GapKind::broadcast;
    if (gap.number > end || !show_gap({gap.at, gap.source, gap.first, gap.last, kind})) return false;
  }
  if (!page.rejections.empty() || options_.what == "rejections") show_rejections(page.rejections);
  return true;
}

/// Pages up to what was the newest when the first was read: a daemon that goes on receiving would never be at its end.
Exit Log::pages_from(Control& control) {
  const bool by_batch = options_.what == "batches" || options_.what == "inputs";
  std::uint64_t since = by_batch ? options_.since : 0;
  std::optional<std::uint64_t> end;
  for (bool again = true; again && more();) {
    wire::ControlRequest request;
    request.kind = wire::ControlKind::log;
    request.name = by_batch ? "batches" : options_.what;
    request.since = since;
    const auto reply = control.ask(std::move(request));
    if (!reply) return failed(control.error(), Exit::unreachable);
    if (reply->log) {  // with an error, too: what lies before the damage
      if (!end) end = reply->log->newest;
      if (!show_page(*reply->log, *end)) return Exit::done;
    }
    if (!reply->ok) return failed(options_.source + ": " + reply->error, Exit::bad_input);
    const std::uint64_t before = since;
    since = std::max(since, reply->cursor.value_or(since));
    again = reply->more && since > before && since < end.value_or(0);
  }
  return Exit::done;
}

Exit Log::from_daemon() {
  Context context;
  Control control{context, options_.source, Milliseconds{static_cast<std::int64_t>(options_.timeout_s * 1000)}};
  return options_.what == "alerts" ? alerts_from(control) : pages_from(control);
}

Exit Log::from_file() {
  journal::JournalError error;
  journal::OpenOptions open;
  open.read_only = true;
  const auto journal = journal::Journal::open(options_.source, open, error);
  if (!journal) return failed(options_.source + ": " + error.text, Exit::bad_input);
  journal::Outcome outcome;
  if (options_.what == "alerts") {
    const auto last = journal->state().gone_alert;
    if (options_.since < last) tell_gone(options_.since + 1, last);
    outcome = journal->read_alerts(options_.since, [this](const auto& alert) { return show_alert(alert.bytes); });
  } else if (options_.what == "acts") {
    outcome = journal->read_acts([this](const auto& act) { return show_act(act); });
  } else if (options_.what == "gaps") {
    outcome = journal->read_gaps([this](const auto& gap) { return show_gap(gap); });
  } else if (options_.what == "rejections") {
    std::vector<wire::RefusalCount> refusals;
    for (const auto& row : journal->rejections()) {
      refusals.push_back({row.principal, static_cast<wire::Refusal>(row.reason), row.count, row.sample});
    }
    show_rejections(refusals);
  } else {
    outcome = journal->read_batches(options_.since, [this](const auto& batch) { return show_batch(batch); });
  }
  if (outcome) return failed(options_.source + ": " + outcome->text, Exit::bad_input);
  return Exit::done;
}

void Log::tell_gone(std::uint64_t first, std::uint64_t last) const {
  if (last == 0) return;
  std::fprintf(stderr, "%s: %s\n", options_.source.c_str(), gone_alerts_text(first, last).c_str());
}

void Log::finish() {
  if (!batches_.empty()) print(batches_.render(text_.palette));
  if (damaged_ != 0) {
    std::fprintf(stderr, "%s: %s could not be read and were left out\n", options_.source.c_str(),
                 counted(damaged_, "damaged record", "damaged records").c_str());
  }
}

int Log::run() {
  const Exit exit = is_endpoint(options_.source) ? from_daemon() : from_file();
  finish();
  return static_cast<int>(exit == Exit::done && damaged_ != 0 ? Exit::bad_input : exit);
}
}  // namespace

int run_log(const LogOptions& options) {
  catch_stop_signals();
  const auto least = parse_level(options.level);
  if (!least) {
    std::fprintf(stderr, "--level %s: no such level; there are watch, elevated, high, critical\n",
                 options.level.c_str());
    return static_cast<int>(Exit::bad_usage);
  }
  if (options.what == "verify") return run_log_verify(options);
  if (options.what == "head") return run_log_head(options);
  return Log{options, *least}.run();
}
}  // namespace tocsin::tools
