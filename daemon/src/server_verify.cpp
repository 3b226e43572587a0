// SPDX-License-Identifier: Apache-2.0
// `tocsin log verify` of a running daemon: the journal's thread checks some rows between commits, and who asked asks
// again until all was checked.
#include <string>
#include <utility>

#include "tocsin/daemon/log.hpp"

#include "server.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::size_t kFaultTextMax = 512;

wire::VerifyAnswer answer_of(const journal::VerifyReport& report) {
  wire::VerifyAnswer answer;
  for (const auto& fault : report.faults) answer.faults.push_back(printable(fault, kFaultTextMax));
  answer.fault_count = report.fault_count;
  answer.batches = report.batches;
  answer.alerts = report.alerts;
  answer.notes = report.notes;
  answer.first_batch = report.first_batch;
  answer.signed_batch = report.signed_batch;
  answer.unsigned_batches = report.unsigned_batches;
  answer.keyed = report.keyed;
  answer.public_key = report.public_key;
  answer.notice = printable(report.notice, kFaultTextMax);
  return answer;
}
}  // namespace

void Server::verify_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply) {
  auto& job = verify_job_;
  const auto refuse = [&reply](std::string text) {
    reply.ok = false;
    reply.error = std::move(text);
  };
  const bool under_way = job.out || job.more;
  const bool same = job.who == asker.identity && job.options.public_key == request.text &&
                    job.options.since_checkpoint == request.since_checkpoint;
  if (!under_way && !(job.active && same)) {  // nobody's, or of somebody who did not come back for the end
    if (core_.in_trouble()) return refuse("the journal is in trouble: " + core_.journal_error());
    if (backup_.active) return refuse("a backup is under way; ask again when it is done");
    job.options = {};
    job.options.public_key = request.text;
    job.options.since_checkpoint = request.since_checkpoint;
    job.options.structure_pages_max = VerifyJob::kStructurePages;
    job.verification.reset();
    job.error.clear();
    job.who = asker.identity;
    job.active = true;
    job.more = true;
    job.out = journal_.post(job);
    LogLine(Severity::info, "verify").field("by", asker.principal->name).field("state", "begun");
    reply.text = "begun";
    return;
  }
  if (!same) return refuse("another verification is under way; ask again when it is done");
  if (under_way) {
    // While a step runs its report is the other thread's.
    if (!job.out && job.verification) {
      const auto& report = job.verification->report();
      const auto next = report.first_batch + report.batches;
      reply.pages_left = core_.last_batch() >= next ? core_.last_batch() - next + 1 : 0;
      reply.verify = answer_of(report);
    }
    reply.text = "under way";
    return;
  }
  job.active = false;  // told: the next one is a new one
  if (!job.error.empty()) return refuse(std::exchange(job.error, {}));
  reply.done = true;
  reply.text = "done";
  reply.verify = answer_of(job.verification->report());
  job.verification.reset();
}

void Server::verify_done_() {
  auto& job = verify_job_;
  job.out = false;
  if (!job.error.empty()) return end_verify_(std::exchange(job.error, {}));
  if (core_.in_trouble()) return end_verify_("the journal is in trouble: " + core_.journal_error());
  if (job.more) return;  // the next step goes out after a commit that may be due
  const auto& report = job.verification->report();
  LogLine(report.fault_count == 0 ? Severity::info : Severity::error, "verify")
      .field("state", "done")
      .field("batches", report.batches)
      .field("faults", report.fault_count)
      .field("first_fault", report.faults.empty() ? std::string{"-"} : report.faults.front());
}

void Server::end_verify_(std::string error) {
  LogLine(Severity::error, "verify").field("state", "failed").field("error", error);
  verify_job_.more = false;
  verify_job_.verification.reset();
  verify_job_.error = std::move(error);
}
}  // namespace tocsin::daemon
