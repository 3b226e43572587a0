// SPDX-License-Identifier: Apache-2.0
#include "lib/status_metrics.hpp"

#include <algorithm>
#include <string_view>

#include "tocsin/text/json_lines.hpp"

namespace tocsin::tools {
namespace {
class Metrics {
 public:
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_.append("# HELP tocsin_").append(name).append(" ").append(help).append("\n");
    out_.append("# TYPE tocsin_").append(name).append(" ").append(type).append("\n");
  }
  void line(std::string_view labels, double value) {
    out_.append("tocsin_").append(name_);
    if (!labels.empty()) out_.append("{").append(labels).append("}");
    out_.append(" ").append(text::format_number(value)).append("\n");
  }
  void gauge(std::string_view name, std::string_view help, double value) {
    begin(name, "gauge", help);
    line({}, value);
  }
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    begin(name, "counter", help);
    line({}, static_cast<double>(value));
  }
  std::string take() { return std::move(out_); }

 private:
  std::string name_;
  std::string out_;
};

std::string label(std::string_view key, std::string_view value) {
  std::string out{key};
  out += "=\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20U ? '?' : c;
  }
  return out + "\"";
}

double seconds(engine::Span ms) { return static_cast<double>(ms) / 1000; }

void write_journal(Metrics& out, const wire::StatusReport& status) {
  const auto& journal = status.journal;
  out.gauge("journal_ok", "1: what is acknowledged is durable; 0: in trouble", status.journal_ok ? 1 : 0);
  out.gauge("journal_bytes", "size of the journal's file", static_cast<double>(journal.bytes));
  out.gauge("journal_bytes_bound", "largest it may become; 0: no bound", static_cast<double>(journal.bytes_bound));
  out.gauge("journal_disk_free_bytes", "free on its file system", static_cast<double>(journal.disk_free_bytes));
  out.counter("journal_commits_total", "commits since the start", journal.commits);
  out.begin("journal_commit_seconds", "gauge", "time of a commit: quantiles of the last 1024, and the longest");
  out.line("quantile=\"0.5\"", journal.commit_p50_us / 1e6);
  out.line("quantile=\"0.99\"", journal.commit_p99_us / 1e6);
  out.line("quantile=\"1\"", journal.commit_max_us / 1e6);
}

void write_steps(Metrics& out, const wire::StatusReport& status) {
  out.begin("step_seconds", "gauge", "time to decide an input: quantiles of the last 1024 frames, and the longest");
  out.line("quantile=\"0.5\"", status.step_p50_ns / 1e9);
  out.line("quantile=\"0.99\"", status.step_p99_ns / 1e9);
  out.line("quantile=\"1\"", status.step_max_ns / 1e9);
  out.gauge("step_work_most", "nodes decided and samples looked at by the largest step",
            static_cast<double>(status.worst_step));
  out.gauge("engine_bytes", "the engine's memory", static_cast<double>(status.engine_bytes));
}

void write_feeds(Metrics& out, const wire::StatusReport& status) {
  out.begin("feed_reports_total", "counter", "reports taken");
  for (const auto& feed : status.feeds) out.line(label("feed", feed.name), static_cast<double>(feed.reports));
  out.begin("feed_reports_per_second", "gauge", "over about the last minute");
  for (const auto& feed : status.feeds) out.line(label("feed", feed.name), feed.rate);
  out.begin("feed_rejected_total", "counter", "inputs refused since the start");
  for (const auto& feed : status.feeds) out.line(label("feed", feed.name), static_cast<double>(feed.rejected));
  out.begin("feed_lost_total", "counter", "messages of its publishers that never came");
  for (const auto& feed : status.feeds) out.line(label("feed", feed.name), static_cast<double>(feed.lost));
  out.begin("feed_overdue", "gauge", "1: silent for longer than its book allows");
  for (const auto& feed : status.feeds) out.line(label("feed", feed.name), feed.overdue ? 1 : 0);
  out.begin("feed_lag_seconds", "gauge", "the engine's clock less the feed's last contact");
  for (const auto& feed : status.feeds) {
    if (feed.last_contact == engine::kNever) continue;
    out.line(label("feed", feed.name), seconds(std::max<engine::Span>(status.clock - feed.last_contact, 0)));
  }
  out.begin("feed_report_lag_seconds", "gauge", "received less its time, of the newest report; below 0: ahead of us");
  for (const auto& feed : status.feeds) {
    if (feed.lag_ms) out.line(label("feed", feed.name), seconds(*feed.lag_ms));
  }
  out.begin("feed_report_lag_mean_seconds", "gauge", "the same over about the last sixteen reports");
  for (const auto& feed : status.feeds) {
    if (feed.mean_lag_ms) out.line(label("feed", feed.name), seconds(*feed.mean_lag_ms));
  }
}
}  // namespace

std::string status_metrics(const wire::StatusReport& status) {
  Metrics out;
  out.gauge("up_seconds", "since the start", seconds(static_cast<engine::Span>(status.uptime_ms)));
  out.gauge("resident_bytes", "memory of the process", static_cast<double>(status.resident_bytes));
  out.counter("taken_total", "reports that counted", status.taken);
  out.counter("late_total", "reports whose time was before the clock", status.late);
  out.counter("finalised_early_total", "alert events final before their time", status.finalised_early);
  out.counter("alert_events_total", "number of the newest alert event", status.newest_alert);
  out.counter("broadcast_lost_total", "messages of publishers that never came", status.lost_broadcast);
  write_steps(out, status);
  write_journal(out, status);
  write_feeds(out, status);
  out.begin("alert_raised", "gauge", "1 while the alert is raised");
  for (const auto& alert : status.alerts) out.line(label("alert", alert.name), alert.raised ? 1 : 0);
  out.begin("alert_shelved", "gauge", "1 while an operator has put the alert aside");
  for (const auto& alert : status.alerts) {
    out.line(label("alert", alert.name), alert.shelf && alert.shelf->ended.empty() ? 1 : 0);
  }
  out.begin("refused_total", "counter", "inputs and frames refused, by sender and reason");
  for (const auto& refusal : status.refusals) {
    out.line(label("principal", refusal.principal) + "," + label("reason", wire::name_of(refusal.reason)),
             static_cast<double>(refusal.count));
  }
  out.begin("connections", "gauge", "connections now");
  for (const auto& one : status.endpoints) out.line(label("endpoint", one.endpoint), one.live);
  out.begin("disconnected_total", "counter", "connections that ended, those thrown out for too large a frame included");
  for (const auto& one : status.endpoints)
    out.line(label("endpoint", one.endpoint), static_cast<double>(one.disconnected));
  out.begin("handshakes_refused_total", "counter", "by reason");
  for (const auto& one : status.handshakes_refused) out.line(label("reason", one.name), static_cast<double>(one.count));
  out.begin("alarm", "gauge", "1 while the daemon's own alarm is raised");
  for (const auto& alarm : status.alarms) out.line(label("alarm", alarm.name), alarm.raised ? 1 : 0);
  return out.take();
}
}  // namespace tocsin::tools
