// SPDX-License-Identifier: Apache-2.0
#include "lib/status_text.hpp"

#include <array>
#include <cstdio>

#include "tocsin/text/json_lines.hpp"

#include "lib/json.hpp"

namespace tocsin::tools {
namespace {
using engine::Instant;

std::string hex(std::uint64_t hash) {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
  return digits.data();
}

std::string instant(Instant at) {
  return at == engine::kNever || at == engine::kForever ? "-" : text::format_instant(at);
}

/// How long before the clock, for a person; empty when that says nothing.
std::string ago(Instant at, Instant clock) {
  if (at == engine::kNever || clock == engine::kNever || at > clock) return "";
  return span_text(clock - at) + " ago";
}

std::string title(const Palette& palette, const char* text) { return "\n" + palette.bold(text) + "\n"; }

/// Before its first input an engine has no clock.
bool has_begun(const wire::StatusReport& status) { return status.clock != 0 || status.first_instant != 0; }

std::string clock_lines(const wire::StatusReport& status) {
  if (!has_begun(status)) return "  clock    waits for the first input\n";
  std::string out = "  clock    " + instant(status.clock) + ", first instant " + instant(status.first_instant) + "\n";
  out += "  reach    late news counts back to " + instant(status.reach);
  if (status.reach <= status.clock) out += " (" + span_text(status.clock - status.reach) + ")";
  return out + "\n";
}

std::string head_lines(const wire::StatusReport& status, const Palette& palette) {
  std::string out = palette.bold("tocsind " + printable(status.version));
  if (!status.site.empty()) out += " at " + printable(status.site);
  out +=
      ", pid " + std::to_string(status.pid) + ", up " + span_text(static_cast<engine::Span>(status.uptime_ms)) + "\n";
  out += "  book     \"" + printable(status.book_title) + "\" " + palette.dim(hex(status.book_hash)) + "\n";
  out += clock_lines(status);
  out +=
      "  memory   " + bytes_text(status.resident_bytes) + " resident, engine " + bytes_text(status.engine_bytes) + "\n";
  out += "  journal  " +
         (status.journal_ok ? palette.green("ok") : palette.red("in trouble: " + printable(status.journal_error)));
  out += ", " + counted(status.batches, "batch", "batches") + ", " +
         counted(status.newest_alert, "alert event", "alert events") + "\n";
  out += "  reports  " + grouped(status.taken) + " taken";
  const auto add = [&out](std::uint64_t count, const char* what) {
    if (count != 0) out += ", " + grouped(count) + " " + what;
  };
  add(status.duplicate, "duplicate");
  add(status.reused, "with a number used before");
  add(status.stale, "stale");
  add(status.withdrawn, "withdrawn");
  add(status.not_evaluated, "not evaluated");
  add(status.lost_broadcast, "lost on broadcast");
  return out + "\n";
}

std::string micros(std::uint32_t us) {
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), "%.2f ms", us / 1000.0);
  return text.data();
}

std::string nanos(std::uint32_t ns) {
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), "%.1f us", ns / 1000.0);
  return text.data();
}

std::string per_second(double rate) {
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), rate < 10 ? "%.2f" : "%.0f", rate);
  return text.data();
}

/// The daemon's own alarms that are raised.
std::string alarm_lines(const wire::StatusReport& status, const Palette& palette) {
  std::string out;
  for (const auto& alarm : status.alarms) {
    if (alarm.raised) out += "  " + palette.red(printable(alarm.name)) + "  " + printable(alarm.text) + "\n";
  }
  return out.empty() ? out : title(palette, "The daemon's own alarms") + out;
}

std::string health_lines(const wire::StatusReport& status) {
  const auto& journal = status.journal;
  std::string out;
  if (status.step_max_ns != 0) {
    out += "  steps    half within " + nanos(status.step_p50_ns) + ", 99% within " + nanos(status.step_p99_ns) +
           ", longest " + nanos(status.step_max_ns) + "\n";
  }
  if (journal.commits != 0) {
    out += "  commits  " + grouped(journal.commits) + ", half within " + micros(journal.commit_p50_us) +
           ", 99% within " + micros(journal.commit_p99_us) + ", longest " + micros(journal.commit_max_us) + "\n";
  }
  if (journal.bytes != 0) {
    out += "  disk     journal " + bytes_text(journal.bytes);
    if (journal.bytes_bound != 0) out += " of at most " + bytes_text(journal.bytes_bound);
    out += ", free on the disk " + bytes_text(journal.disk_free_bytes) + "\n";
  }
  if (journal.checkpoint_batch != 0) {
    out += "  saved    the engine's state after batch " + grouped(journal.checkpoint_batch) + ", " +
           span_text(static_cast<engine::Span>(journal.checkpoint_ago_ms)) + " ago\n";
  }
  if (status.finalised_early != 0) {
    out += "  final    " + counted(status.finalised_early, "alert event", "alert events") +
           " before their time: too many came after them\n";
  }
  if (!status.saturated_indicators.empty()) {
    out += "  full     more reports count than are kept:";
    for (const auto& name : status.saturated_indicators) out += " " + printable(name);
    out += "\n";
  }
  return out;
}

std::string peer_lines(const wire::StatusReport& status, const Palette& palette) {
  using Align = Table::Align;
  if (status.endpoints.empty()) return {};
  Table table{
      {{"endpoint"}, {"now", Align::right}, {"came", Align::right}, {"failed", Align::right}, {"left", Align::right}}};
  for (const auto& one : status.endpoints) {
    table.row({printable(one.endpoint), grouped(one.live), grouped(one.accepted), grouped(one.handshakes_failed),
               grouped(one.disconnected)});
  }
  std::string out = title(palette, "Connections") + table.render(palette, 2);
  for (const auto& one : status.handshakes_refused) {
    out += "  refused  " + grouped(one.count) + " " + printable(one.name) + "\n";
  }
  for (const auto& one : status.senders) {
    out += "  sender   " + printable(one.name) + ": " + grouped(one.unacked) + " unacknowledged";
    if (one.credit != 0) out += " of " + grouped(one.credit);
    if (one.over_quota != 0) out += ", " + counted(one.over_quota, "frame", "frames") + " over its quota";
    out += "\n";
  }
  for (const auto& gap : status.gaps) {
    out += "  lost     " + counted(gap.lost, "message", "messages") + " of " + printable(gap.publisher) + ", last " +
           instant(gap.last_at) + "\n";
  }
  return out;
}

std::string theater_lines(const wire::StatusReport& status, const Palette& palette) {
  if (status.theaters.empty()) return {};
  Table table{{{"theater"}, {"level"}}};
  for (const auto& theater : status.theaters) {
    table.row({printable(theater.name), palette.level(theater.level, text::name_of(theater.level))});
  }
  return title(palette, "Theaters") + table.render(palette, 2);
}

std::string shelf_line(const std::string& name, const wire::ShelfStatus& shelf, const Palette& palette) {
  const std::string who = printable(shelf.by) + ": " + printable(shelf.why);
  if (shelf.ended.empty()) {
    return "  " +
           palette.dim(printable(name) + " is shelved until " + instant(shelf.until) +
                       (shelf.until_clear ? " or until it clears" : "") + " by " + who) +
           "\n";
  }
  return "  " +
         palette.yellow(printable(name) + " came back at " + instant(shelf.ended_at) +
                        (shelf.ended == "rose" ? ", its level rose" : ", its time was over") +
                        ", and nobody acknowledged that; shelved by " + who) +
         "\n";
}

std::string alert_lines(const wire::StatusReport& status, const Palette& palette, bool all) {
  Table table{{{"alert"}, {"state"}, {"level"}, {"since"}, {""}}};
  std::size_t down = 0;
  for (const auto& alert : status.alerts) {
    const bool unknown = alert.when == engine::Truth::unknown;
    if (!alert.raised && !unknown && !alert.shelf && !all) {
      ++down;
      continue;
    }
    std::string state = alert.raised ? palette.bold("raised") : unknown ? palette.yellow("unknown") : "down";
    if (alert.shelf) state += alert.shelf->ended.empty() ? palette.dim(", shelved") : palette.yellow(", unshelved");
    table.row({printable(alert.name), std::move(state),
               alert.raised ? palette.level(alert.level, text::name_of(alert.level)) : "",
               alert.raised ? instant(alert.raised_at) : "", alert.raised ? ago(alert.raised_at, status.clock) : ""});
  }
  std::string out = title(palette, "Alerts");
  if (!table.empty()) out += table.render(palette, 2);
  for (const auto& alert : status.alerts) {
    if (alert.shelf) out += shelf_line(alert.name, *alert.shelf, palette);
  }
  if (down != 0) out += "  " + palette.dim(std::to_string(down) + (table.empty() ? " down" : " more down")) + "\n";
  return out;
}

/// How long reports are under way: the newest one, and about the last sixteen. Below 0: the sender's clock is ahead.
std::string lag_of(const wire::FeedStatus& feed) {
  if (!feed.lag_ms) return "-";
  return span_text(*feed.lag_ms) + " (" + span_text(feed.mean_lag_ms.value_or(*feed.lag_ms)) + ")";
}

std::string state_of(const wire::FeedStatus& feed, const Palette& palette) {
  if (feed.overdue) return palette.yellow("overdue");
  return feed.last_contact == engine::kNever ? "-" : palette.green("in time");
}

/// Each reason that anything of a feed was refused for.
std::string refused_by(const wire::FeedStatus& feed) {
  std::string text;
  for (std::size_t i = 0; i < feed.rejected_by.size(); ++i) {
    if (feed.rejected_by[i] == 0) continue;
    if (!text.empty()) text += ", ";
    text += grouped(feed.rejected_by[i]) + " " + wire::name_of(static_cast<wire::Refusal>(i));
  }
  return text;
}

std::string feed_lines(const wire::StatusReport& status, const Palette& palette) {
  using Align = Table::Align;
  if (status.feeds.empty()) return {};
  Table table{{{"feed"},
               {"last contact"},
               {""},
               {"state"},
               {"reports", Align::right},
               {"a second", Align::right},
               {"lag (mean)", Align::right},
               {"refused", Align::right},
               {"lost", Align::right},
               {"newest seq", Align::right}}};
  for (const auto& feed : status.feeds) {
    table.row({printable(feed.name), instant(feed.last_contact), ago(feed.last_contact, status.clock),
               state_of(feed, palette), grouped(feed.reports), per_second(feed.rate), lag_of(feed),
               grouped(feed.rejected), grouped(feed.lost), feed.any ? std::to_string(feed.mark) : "-"});
  }
  std::string out = title(palette, "Feeds") + table.render(palette, 2);
  for (const auto& feed : status.feeds) {
    if (const auto by = refused_by(feed); !by.empty()) {
      out += "  " + palette.dim("refused of " + printable(feed.name) + ": " + by) + "\n";
    }
  }
  return out;
}
}  // namespace

std::string refusals_text(const std::vector<wire::RefusalCount>& refusals, const Palette& palette) {
  using Align = Table::Align;
  Table table{{{"principal"}, {"reason"}, {"count", Align::right}, {"newest one"}}};
  for (const auto& refusal : refusals) {
    table.row({printable(refusal.principal), wire::name_of(refusal.reason), grouped(refusal.count),
               printable(refusal.sample)});
  }
  return table.empty() ? "  none\n" : table.render(palette, 2);
}

std::string status_text(const wire::StatusReport& status, const Palette& palette, bool all) {
  std::string out = head_lines(status, palette) + health_lines(status) + alarm_lines(status, palette) +
                    theater_lines(status, palette) + alert_lines(status, palette, all) + feed_lines(status, palette);
  out += peer_lines(status, palette);
  if (!status.refusals.empty()) out += title(palette, "Refused") + refusals_text(status.refusals, palette);
  return out;
}

std::string refusal_json(const wire::RefusalCount& refusal) {
  return JsonObject{}
      .text("principal", refusal.principal)
      .text("reason", wire::name_of(refusal.reason))
      .number("count", refusal.count)
      .text("sample", refusal.sample)
      .str();
}

namespace {
std::string journal_json(const wire::JournalStatus& journal) {
  return JsonObject{}
      .number("bytes", journal.bytes)
      .number("bytes_bound", journal.bytes_bound)
      .number("bytes_free", journal.bytes_free)
      .number("wal_bytes", journal.wal_bytes)
      .number("disk_free_bytes", journal.disk_free_bytes)
      .number("first_batch", journal.first_batch)
      .number("first_alert", journal.first_alert)
      .number("signed_batch", journal.signed_batch)
      .number("shed_batches", journal.shed_batches)
      .number("commits", journal.commits)
      .number("commit_p50_us", journal.commit_p50_us)
      .number("commit_p99_us", journal.commit_p99_us)
      .number("commit_max_us", journal.commit_max_us)
      .number("checkpoint_batch", journal.checkpoint_batch)
      .number("checkpoint_ago_ms", journal.checkpoint_ago_ms)
      .str();
}

void add_health(JsonObject& object, const wire::StatusReport& status) {
  std::vector<std::string> alarms;
  for (const auto& alarm : status.alarms) {
    alarms.push_back(JsonObject{}.text("name", alarm.name).flag("raised", alarm.raised).text("text", alarm.text).str());
  }
  std::vector<std::string> endpoints;
  for (const auto& one : status.endpoints) {
    endpoints.push_back(JsonObject{}
                            .text("endpoint", one.endpoint)
                            .number("live", one.live)
                            .number("accepted", one.accepted)
                            .number("handshakes_failed", one.handshakes_failed)
                            .number("disconnected", one.disconnected)
                            .str());
  }
  std::vector<std::string> senders;
  for (const auto& one : status.senders) {
    senders.push_back(JsonObject{}
                          .text("name", one.name)
                          .number("credit", one.credit)
                          .number("unacked", one.unacked)
                          .number("over_quota", one.over_quota)
                          .str());
  }
  std::vector<std::string> gaps;
  for (const auto& gap : status.gaps) {
    gaps.push_back(
        JsonObject{}.text("publisher", gap.publisher).number("lost", gap.lost).instant("last_at", gap.last_at).str());
  }
  std::vector<std::string> refused;
  for (const auto& one : status.handshakes_refused) {
    refused.push_back(JsonObject{}.text("reason", one.name).number("count", one.count).str());
  }
  std::vector<std::string> saturated;
  for (const auto& name : status.saturated_indicators) saturated.push_back(json_string(name));
  object.text("boot", hex(status.boot)).number("horizon_ms", static_cast<std::uint64_t>(status.horizon_ms));
  object.number("finalised_early", status.finalised_early).number("worst_step", status.worst_step);
  object.raw("saturated_indicators", json_array(saturated)).raw("alarms", json_array(alarms));
  object.raw("journal", journal_json(status.journal)).raw("endpoints", json_array(endpoints));
  object.raw("handshakes_refused", json_array(refused)).raw("senders", json_array(senders));
  object.raw("gaps", json_array(gaps)).number("subscriptions", status.subscriptions);
  object.number("subscriptions_refused", status.subscriptions_refused).number("acks_lost", status.acks_lost);
  object.number("step_p50_ns", status.step_p50_ns).number("step_p99_ns", status.step_p99_ns);
  object.number("step_max_ns", status.step_max_ns).text("log_level", status.log_level);
}

std::string reasons_json(const wire::FeedStatus& feed) {
  JsonObject object;
  for (std::size_t i = 0; i < feed.rejected_by.size(); ++i) {
    if (feed.rejected_by[i] > 0) object.number(wire::name_of(static_cast<wire::Refusal>(i)), feed.rejected_by[i]);
  }
  return object.str();
}

std::string shelf_json(const wire::ShelfStatus& shelf) {
  JsonObject object;
  object.text("by", shelf.by).text("why", shelf.why).instant("at", shelf.at).instant("until", shelf.until);
  object.text("level", text::name_of(shelf.level)).flag("until_clear", shelf.until_clear);
  if (!shelf.ended.empty()) object.text("ended", shelf.ended).instant("ended_at", shelf.ended_at);
  return object.str();
}
}  // namespace

std::string status_json(const wire::StatusReport& status) {
  std::vector<std::string> theaters;
  for (const auto& theater : status.theaters) {
    theaters.push_back(JsonObject{}.text("name", theater.name).text("level", text::name_of(theater.level)).str());
  }
  std::vector<std::string> alerts;
  for (const auto& alert : status.alerts) {
    JsonObject object;
    object.text("name", alert.name).flag("raised", alert.raised).text("when", text::name_of(alert.when));
    if (alert.raised) object.text("level", text::name_of(alert.level)).instant("raised_at", alert.raised_at);
    if (alert.shelf) object.raw("shelf", shelf_json(*alert.shelf));
    alerts.push_back(object.str());
  }
  std::vector<std::string> feeds;
  for (const auto& feed : status.feeds) {
    JsonObject object;
    object.text("name", feed.name).number("reports", feed.reports).instant("last_contact", feed.last_contact);
    if (feed.any) object.number("mark", feed.mark);
    object.flag("overdue", feed.overdue).raw("rate", text::format_number(feed.rate));
    if (feed.last_contact != engine::kNever && feed.last_contact <= status.clock) {
      object.number("lag_ms", static_cast<std::uint64_t>(status.clock - feed.last_contact));
    }
    if (feed.lag_ms) object.raw("report_lag_ms", std::to_string(*feed.lag_ms));
    if (feed.mean_lag_ms) object.raw("mean_report_lag_ms", std::to_string(*feed.mean_lag_ms));
    object.number("rejected", feed.rejected).number("lost", feed.lost);
    if (feed.rejected > 0) object.raw("rejected_by", reasons_json(feed));
    feeds.push_back(object.str());
  }
  std::vector<std::string> refusals;
  for (const auto& refusal : status.refusals) refusals.push_back(refusal_json(refusal));
  JsonObject object;
  object.text("version", status.version).text("site", status.site).text("book", status.book_title);
  object.text("book_hash", hex(status.book_hash)).number("pid", status.pid).number("uptime_ms", status.uptime_ms);
  object.instant("clock", status.clock).instant("first_instant", status.first_instant).instant("reach", status.reach);
  object.number("resident_bytes", status.resident_bytes).number("engine_bytes", status.engine_bytes);
  object.flag("journal_ok", status.journal_ok);
  if (!status.journal_error.empty()) object.text("journal_error", status.journal_error);
  object.number("batches", status.batches).number("newest_alert", status.newest_alert);
  object.number("taken", status.taken).number("late", status.late).number("duplicate", status.duplicate);
  object.number("reused", status.reused).number("stale", status.stale).number("withdrawn", status.withdrawn);
  object.number("not_evaluated", status.not_evaluated).number("lost_broadcast", status.lost_broadcast);
  object.raw("theaters", json_array(theaters)).raw("alerts", json_array(alerts)).raw("feeds", json_array(feeds));
  object.raw("refusals", json_array(refusals));
  add_health(object, status);
  return object.str();
}
}  // namespace tocsin::tools
