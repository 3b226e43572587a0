// SPDX-License-Identifier: Apache-2.0
// How what the core decided becomes durable, and what it does while the journal is in trouble.
#include <utility>

#include "tocsin/daemon/core.hpp"
#include "tocsin/daemon/log.hpp"
#include "tocsin/engine/base/check.hpp"

#include "alarms.hpp"
#include "alert_query.hpp"
#include "reload.hpp"
#include "rule_reach.hpp"

namespace tocsin::daemon {
bool Core::keep(journal::Act act) {
  if (act.at == 0) act.at = wall();
  return !in_trouble() && slabs_[filling_].add(act);
}

bool Core::keep(const journal::Cursor& cursor) { return !in_trouble() && slabs_[filling_].add(cursor); }

bool Core::seal(journal::CommitBatch& commit) {
  TOCSIN_CHECK(!in_flight_ && !in_trouble());
  if (!has_uncommitted()) return false;
  const Batch& batch = slabs_[filling_];
  commit = {};
  commit.items = batch.items();
  commit.alerts = batch.alerts();
  commit.rejections = refusals_.seal();
  commit.acts = batch.acts();
  commit.cursors = batch.cursors();
  commit.gaps = batch.gaps();
  commit.clock = started_ ? engine_->clock() : 0;
  if (started_) commit.first_instant = engine_->first_instant();
  items_since_checkpoint_ += batch.items().size();
  filling_ = 1 - filling_;
  in_flight_ = true;
  return true;
}

CommitResult Core::settle(const journal::Outcome& outcome, std::uint64_t last_batch) {
  TOCSIN_CHECK(in_flight_);
  if (outcome) {
    if (outcome->fatal) {
      give_up(*outcome);
      return CommitResult::fatal;
    }
    enter_trouble_(*outcome);
    return CommitResult::trouble;
  }
  refusals_.confirm();
  committed_batch_ = last_batch;
  note_batch_(last_batch, started_ ? engine_->clock() : 0);
  if (!sealed().alerts().empty()) committed_alert_ = sealed().alerts().back().number;
  return CommitResult::done;
}

void Core::release() {
  slabs_[1 - filling_].clear();
  in_flight_ = false;
}

CommitResult Core::commit() {
  if (in_trouble()) return journal_broken_ ? CommitResult::fatal : CommitResult::trouble;
  journal::CommitBatch batch;
  if (!seal(batch)) return CommitResult::nothing;
  const auto outcome = journal_->commit(batch);
  const auto result = settle(outcome, journal_->last_batch_id());
  if (result == CommitResult::done) release();
  return result;
}

void Core::give_up(const journal::JournalError& error) {
  LogLine(Severity::error, "journal").field("fatal", "true").field("code", error.code).field("error", error.text);
  journal_error_ = error.text.empty() ? "the journal failed" : error.text;
  journal_broken_ = true;
}

void Core::enter_trouble_(const journal::JournalError& error) {
  LogLine(Severity::error, "journal")
      .field("fatal", "false")
      .field("code", error.code)
      .field("error", error.text)
      .field("meaning", "going on in memory; nothing is acknowledged until the journal is well again");
  journal_error_ = error.text.empty() ? "the journal failed" : error.text;
  alarms_->raise("journal", journal_error_);
  refusals_.unseal();
  // What is decided rings all the same: first what was in flight, then what was filling.
  for (Batch* batch : {&slabs_[1 - filling_], &slabs_[filling_]}) {
    if (listener_ != nullptr) {
      for (const auto& announcement : batch->announcements()) listener_->unjournaled(announcement);
    }
    batch->clear();
  }
  in_flight_ = false;
}

std::string Core::recover_again(const GoOn& go_on, BookChange* change) {
  TOCSIN_CHECK(in_trouble() && !in_flight_);
  for (auto& slab : slabs_) slab.clear();
  const auto before = std::exchange(feeds_, std::vector<FeedState>(image().feeds.size()));
  recovery_ = {};
  started_ = false;
  journal_error_.clear();
  BookChange untold;
  auto error = recover_(go_on, change == nullptr ? untold : *change);
  if (!error.empty() && (!in_trouble() || journal_broken_)) {
    journal_error_ = error;  // nothing of what is here now may be stored
    return error;
  }
  keep_counts_(image(), before);
  if (error = adopt_book_(); !error.empty() || in_trouble()) return error;
  alarms_->clear("journal");
  LogLine(Severity::info, "journal_healed")
      .field("batch", committed_batch_)
      .field("items", recovery_.items)
      .field("differences", recovery_.differences);
  return {};
}

journal::Outcome Core::try_checkpoint_() {
  if (!started_) return std::nullopt;
  journal::StoredCheckpoint checkpoint;
  save_checkpoint(journal_->last_batch_id(), checkpoint);
  auto outcome = journal_->store_checkpoint(checkpoint);
  if (outcome) want_checkpoint();
  return outcome;
}

std::string Core::store_checkpoint() {
  const auto outcome = try_checkpoint_();
  return outcome ? outcome->text : std::string{};
}

std::string Core::alerts_since(std::uint64_t since, std::size_t limit, wire::ControlReply& reply) {
  AlertQuery query;
  query.since = since;
  query.limit = limit;
  if (const auto outcome = read_alerts(*journal_, query)) return outcome->text;
  reply.alerts = std::move(query.alerts);
  reply.more = query.more;
  reply.gone_first = query.gone_first;
  reply.gone_last = query.gone_last;
  return {};
}
}  // namespace tocsin::daemon
