// SPDX-License-Identifier: Apache-2.0
// `tocsin log` of a running daemon: the journal's thread reads a page between commits, and who asked asks for the next.
#include <algorithm>
#include <string>
#include <utility>

#include "tocsin/daemon/log.hpp"

#include "server.hpp"

namespace tocsin::daemon {
bool Server::ask_for_log_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply) {
  const auto refuse = [&reply](std::string text) {
    reply.ok = false;
    reply.error = std::move(text);
    return true;
  };
  const auto what = log_what(request.name);
  if (!what) {
    return refuse("a journal has no \"" + printable(request.name, wire::kNameBytesMax) +
                  "\"; there are batches, acts, gaps, rejections and head");
  }
  for (auto& job : log_jobs_) {
    if (job.out || job.waits) continue;
    job.asker = asker;
    job.query = {};
    job.query.what = *what;
    job.query.since = request.since;
    job.query.limit = request.limit;
    job.query.principal = asker.principal->name;
    if (const auto* rights = asker.principal->rights; rights != nullptr) {
      job.query.audience = &audiences_.config(rights->audience);
      const auto& book = core_.image();
      for (std::uint16_t i = 0; i < book.alerts.size(); ++i) {
        if (audiences_.sees(rights->audience, i)) job.query.alerts.emplace_back(book.view(book.alerts[i].name));
      }
    }
    job.waits = true;
    post_logs_();
    return false;
  }
  return refuse("too many read the journal at once; ask again in a moment");
}

// Refusals alone are committed after a while only; who asks for them wants those of a moment ago, too.
void Server::post_logs_() {
  for (auto& job : log_jobs_) {
    if (!job.waits) continue;
    const bool stale = job.query.what == LogWhat::rejections && core_.has_uncommitted_refusals();
    if (stale && !core_.in_trouble()) continue;
    job.out = journal_.post(job);
    job.waits = !job.out;
  }
}

bool Server::log_waits_() const {
  return std::any_of(log_jobs_.begin(), log_jobs_.end(), [](const LogJob& job) { return job.waits; });
}

void Server::log_done_(LogJob& job) {
  job.out = false;
  wire::ControlReply reply;
  reply.ok = !job.outcome.has_value();
  if (job.outcome) reply.error = job.outcome->text;
  reply.more = job.query.more;
  reply.cursor = job.query.looked_at;
  reply.log = std::exchange(job.query.answer, {});
  reply_(job.asker, reply);
}
}  // namespace tocsin::daemon
