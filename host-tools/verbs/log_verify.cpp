// SPDX-License-Identifier: Apache-2.0
#include "verbs/log_verify.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "tocsin/journal/journal.hpp"

#include "lib/exit_status.hpp"
#include "lib/json.hpp"
#include "lib/kept_head.hpp"
#include "lib/net.hpp"
#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
constexpr std::uint32_t kRowsPerStep = 4096;

int fail(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return static_cast<int>(Exit::bad_input);
}

std::unique_ptr<journal::Journal> open_journal(const LogOptions& options, journal::JournalError& error) {
  journal::OpenOptions open;
  open.read_only = true;
  open.keys = options.keys;
  return journal::Journal::open(options.source, open, error);
}

std::string json_of(const journal::VerifyReport& report) {
  JsonObject object;
  object.number("faults", report.fault_count)
      .number("first_batch", report.first_batch)
      .number("batches", report.batches)
      .number("alerts", report.alerts)
      .number("notes", report.notes)
      .number("signed_batch", report.signed_batch)
      .number("unsigned_batches", report.unsigned_batches);
  return object.str();
}

void print_report(const LogOptions& options, const journal::VerifyReport& report) {
  for (const auto& fault : report.faults) {
    if (options.json) {
      JsonObject object;
      object.text("fault", fault);
      std::fprintf(stdout, "%s\n", object.str().c_str());
    } else {
      std::fprintf(stdout, "%s\n", fault.c_str());
    }
  }
  if (options.json) {
    std::fprintf(stdout, "%s\n", json_of(report).c_str());
    return;
  }
  if (report.fault_count > report.faults.size()) {
    std::fprintf(stdout, "and %s more\n", grouped(report.fault_count - report.faults.size()).c_str());
  }
  std::fprintf(stderr, "%s: %s, %s and %s checked, from batch %s; signed up to batch %s, %s after it; key %s\n",
               options.source.c_str(), counted(report.batches, "batch", "batches").c_str(),
               counted(report.alerts, "alert event", "alert events").c_str(),
               counted(report.notes, "act or gap", "acts and gaps").c_str(), grouped(report.first_batch).c_str(),
               grouped(report.signed_batch).c_str(), counted(report.unsigned_batches, "batch", "batches").c_str(),
               report.public_key.c_str());
  if (!report.notice.empty()) std::fprintf(stderr, "%s\n", report.notice.c_str());
  std::fprintf(stderr, "%s\n", report.fault_count == 0 ? "nothing is wrong" : "it is NOT what was written");
}

journal::VerifyReport report_of(const wire::VerifyAnswer& answer) {
  journal::VerifyReport report;
  report.faults = answer.faults;
  report.fault_count = answer.fault_count;
  report.batches = answer.batches;
  report.alerts = answer.alerts;
  report.notes = answer.notes;
  report.first_batch = answer.first_batch;
  report.signed_batch = answer.signed_batch;
  report.unsigned_batches = answer.unsigned_batches;
  report.keyed = answer.keyed;
  report.public_key = answer.public_key;
  report.notice = answer.notice;
  return report;
}

/// Only who began it is told of it, on the same connection: whoever comes by another one is a stranger.
std::optional<wire::ControlReply> ask_on(Control& control, const wire::ControlRequest& request, bool begun) {
  if (!begun) return control.ask(request);
  auto reply = control.ask_the_same(request);
  if (!reply && !stop_requested()) std::fprintf(stderr, "the daemon may go on checking, its log says what it found\n");
  return reply;
}

/// Asks until the daemon has checked all. @returns nothing when that does not come; `exit` then says why.
std::optional<journal::VerifyReport> ask_daemon(const LogOptions& options, Exit& exit) {
  constexpr Milliseconds kLook{50};
  Context context;
  Control control{context, options.source, Milliseconds{static_cast<std::int64_t>(options.timeout_s * 1000)}};
  std::optional<Progress> progress;
  wire::ControlRequest request;
  request.kind = wire::ControlKind::verify;
  request.text = options.public_key;
  request.since_checkpoint = options.since_checkpoint;
  for (bool begun = false; !stop_requested(); begun = true) {
    const auto reply = ask_on(control, request, begun);
    if (!reply && begun && stop_requested()) break;
    if (!reply || !reply->ok) {
      progress.reset();
      std::fprintf(stderr, "%s\n", reply ? (options.source + ": " + reply->error).c_str() : control.error().c_str());
      exit = reply ? Exit::bad_input : Exit::unreachable;
      return std::nullopt;
    }
    if (reply->done && reply->verify) return report_of(*reply->verify);
    if (reply->verify) {
      if (!progress) progress.emplace("verify", reply->verify->batches + reply->pages_left, "batches");
      progress->update(reply->verify->batches);
    }
    std::this_thread::sleep_for(kLook);
  }
  progress.reset();
  std::fprintf(stderr, "interrupted: the daemon goes on checking\n");
  exit = Exit::bad_input;
  return std::nullopt;
}

int verify_live(const LogOptions& options) {
  if (!options.keys.empty()) {
    std::fprintf(stderr, "--journal-key goes with a journal's path; a running daemon checks with its own keys\n");
    return static_cast<int>(Exit::bad_usage);
  }
  if (!options.head.empty()) {
    std::fprintf(
        stderr, "--head goes with a journal's path: of a running daemon make a copy (tocsin backup) and verify that\n");
    return static_cast<int>(Exit::bad_usage);
  }
  Exit exit = Exit::done;
  const auto report = ask_daemon(options, exit);
  if (!report) return static_cast<int>(exit);
  print_report(options, *report);
  return static_cast<int>(report->fault_count == 0 ? Exit::done : Exit::bad_input);
}

void print_head(const journal::SignedHead& head) {
  JsonObject object;
  object.number("batch", head.batch).text("chain", head.chain).text("signature", head.signature);
  object.text("public_key", head.public_key).text("journal", head.journal).raw("at_ms", std::to_string(head.at));
  object.number("alert", head.alert).text("alert_chain", head.alert_chain);
  object.number("note", head.note).text("note_chain", head.note_chain);
  std::fprintf(stdout, "%s\n", object.str().c_str());
}

int head_live(const LogOptions& options) {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::log;
  request.name = "head";
  Exit exit{};
  auto reply = ask_once(options.source, options.timeout_s, std::move(request), exit);
  if (!reply) return static_cast<int>(exit);
  if (!reply->log || !reply->log->head) return fail(options.source + ": " + reply->error);
  auto& head = *reply->log->head;
  print_head({head.batch, std::move(head.chain), std::move(head.signature), std::move(head.public_key),
              std::move(head.journal), head.at, head.alert, head.note, std::move(head.alert_chain),
              std::move(head.note_chain)});
  return static_cast<int>(Exit::done);
}
}  // namespace

int run_log_verify(const LogOptions& options) {
  if (is_endpoint(options.source)) return verify_live(options);
  journal::JournalError error;
  journal::VerifyOptions wanted;
  if (!options.head.empty() && !read_kept_head(options.head, wanted.kept_head.emplace(), error.text)) {
    return fail(error.text);
  }
  const auto journal = open_journal(options, error);
  if (!journal) return fail(options.source + ": " + error.text);
  wanted.keys = options.keys;
  wanted.public_key = options.public_key;
  wanted.since_checkpoint = options.since_checkpoint;
  const auto run = journal->verify(wanted, error);
  if (!run) return fail(options.source + ": " + error.text);
  Progress progress{"verify", journal->last_batch_id(), "batches"};
  while (run->step(kRowsPerStep)) progress.update(run->report().batches);
  progress.clear();
  print_report(options, run->report());
  return static_cast<int>(run->report().fault_count == 0 ? Exit::done : Exit::bad_input);
}

int run_log_head(const LogOptions& options) {
  if (is_endpoint(options.source)) return head_live(options);
  journal::JournalError error;
  const auto journal = open_journal(options, error);
  if (!journal) return fail(options.source + ": " + error.text);
  journal::SignedHead head;
  if (const auto outcome = journal->head(head)) return fail(options.source + ": " + outcome->text);
  print_head(head);
  return static_cast<int>(Exit::done);
}
}  // namespace tocsin::tools
