// SPDX-License-Identifier: Apache-2.0
#include "verbs/log_verify.hpp"

#include <cstdio>
#include <memory>

#include "tocsin/journal/journal.hpp"

#include "lib/exit_status.hpp"
#include "lib/json.hpp"
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
}  // namespace

int run_log_verify(const LogOptions& options) {
  if (is_endpoint(options.source)) {
    std::fprintf(stderr, "verify reads a journal's path: stop the daemon, or verify a backup (tocsin backup)\n");
    return static_cast<int>(Exit::bad_usage);
  }
  journal::JournalError error;
  const auto journal = open_journal(options, error);
  if (!journal) return fail(options.source + ": " + error.text);
  journal::VerifyOptions wanted;
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
  if (is_endpoint(options.source)) {
    std::fprintf(stderr, "head reads a journal's path: stop the daemon, or look at a backup (tocsin backup)\n");
    return static_cast<int>(Exit::bad_usage);
  }
  journal::JournalError error;
  const auto journal = open_journal(options, error);
  if (!journal) return fail(options.source + ": " + error.text);
  const auto head = journal->head();
  JsonObject object;
  object.number("batch", head.batch).text("chain", head.chain).text("signature", head.signature);
  object.text("public_key", head.public_key).text("journal", head.journal);
  std::fprintf(stdout, "%s\n", object.str().c_str());
  return static_cast<int>(Exit::done);
}
}  // namespace tocsin::tools
