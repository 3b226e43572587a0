// SPDX-License-Identifier: Apache-2.0
#include "log_query.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "tocsin/wire/batch_codec.hpp"

#include "alert_query.hpp"

namespace tocsin::daemon {
namespace {
/// Fills pages: remembers how far it came, and says when a page is full.
class Page {
 public:
  Page(LogQuery& query, std::size_t most)
      : query_{query}, most_{query.limit == 0 ? most : std::min(query.limit, most)} {}

  /// @returns false, and that there is more, when the page has no room for another one.
  bool take(std::uint64_t number, std::size_t bytes) {
    if (looked_at_ == most_ || (looked_at_ > 0 && bytes_ + bytes > kAnswerBytesMax)) {
      query_.more = true;
      return false;
    }
    ++looked_at_;
    bytes_ += bytes;
    query_.looked_at = number;
    return true;
  }

 private:
  LogQuery& query_;
  std::size_t most_;
  std::size_t looked_at_ = 0;
  std::size_t bytes_ = 0;
};

bool may_see_input(const AudienceConfig& audience, const wire::InputView& input) {
  return may_see(audience, input.marking, std::span{input.release.items}.first(input.release.size));
}

/// The batch without what the audience may not see; as it is stored where it may see all of it.
std::vector<std::byte> seen_of(const journal::StoredBatch& batch, const AudienceConfig* audience,
                               wire::JournalBatchEncoder& encoder) {
  if (sees_all(audience)) return batch.bytes;
  wire::JournalBatchReader reader;
  if (!reader.open(batch.bytes)) return {};
  std::vector<wire::JournalItem> seen;
  for (std::size_t index = 0; index < reader.count(); ++index) {
    wire::JournalItem item;
    if (reader.next(item) && may_see_input(*audience, item.input)) seen.push_back(item);
  }
  if (seen.size() == reader.count()) return batch.bytes;
  const auto bytes = encoder.encode(seen);
  return {bytes.begin(), bytes.end()};
}

/// Whether the event that an operator acknowledged is for this audience.
bool may_see_event(journal::Journal& journal, std::uint64_t number, const AudienceConfig* audience) {
  const auto record = find_alert(journal, number);
  return record && visible(audience, *record);
}

bool may_see_act(journal::Journal& journal, const journal::Act& act, const LogQuery& query) {
  if (sees_all(query.audience)) return true;
  if (act.kind == "shelve" || act.kind == "unshelve") {
    const auto name = act.text.substr(0, act.text.find(' '));
    return std::find(query.alerts.begin(), query.alerts.end(), name) != query.alerts.end();
  }
  if (act.kind != "acknowledge") return true;
  std::uint64_t number = 0;
  (void)std::from_chars(act.text.data(), act.text.data() + act.text.size(), number);
  return may_see_event(journal, number, query.audience);
}

journal::Outcome read_batches(journal::Journal& journal, LogQuery& query) {
  Page page{query, kLogBatchesMax};
  wire::JournalBatchEncoder encoder;
  query.answer.newest = journal.last_batch_id();
  return journal.read_batches(query.since, [&](const journal::StoredBatch& batch) {
    if (!page.take(batch.id, batch.bytes.size())) return false;
    query.answer.batches.push_back({batch.id, batch.clock, seen_of(batch, query.audience, encoder)});
    return true;
  });
}

journal::Outcome read_acts(journal::Journal& journal, LogQuery& query) {
  Page page{query, kLogNotesMax};
  query.answer.newest = journal.last_note_id();
  return journal.read_notes(query.since, [&](const journal::Note& note) {
    if (!page.take(note.number, note.act.text.size())) return false;
    if (note.is_gap || !may_see_act(journal, note.act, query)) return true;
    const auto& act = note.act;
    query.answer.acts.push_back(
        {note.number, act.at, std::string{act.principal}, std::string{act.kind}, std::string{act.text}});
    return true;
  });
}

journal::Outcome read_gaps(journal::Journal& journal, LogQuery& query) {
  Page page{query, kLogNotesMax};
  query.answer.newest = journal.last_note_id();
  const auto add = [&query](std::uint64_t number, const journal::Gap& gap) {
    query.answer.gaps.push_back({number, gap.at, std::string{gap.source}, gap.first, gap.last});
  };
  if (query.since == 0) {  // what retention shed comes first and is no note
    auto outcome = journal.read_gaps([&](const journal::Gap& gap) {
      if (gap.kind == journal::GapKind::shed) add(0, gap);
      return false;
    });
    if (outcome) return outcome;
  }
  return journal.read_notes(query.since, [&](const journal::Note& note) {
    if (!page.take(note.number, note.gap.source.size())) return false;
    if (note.is_gap) add(note.number, note.gap);
    return true;
  });
}
}  // namespace

std::optional<LogWhat> log_what(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kNames{"batches", "acts", "gaps", "rejections", "head"};
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<LogWhat>(found - kNames.begin());
}

void withhold_samples(std::vector<wire::RefusalCount>& refusals, const AudienceConfig* audience,
                      std::string_view principal) {
  if (sees_all(audience)) return;
  for (auto& one : refusals) {
    if (one.principal != principal) one.sample.clear();
  }
}

journal::Outcome read_log(journal::Journal& journal, LogQuery& query) {
  query.answer = {};
  query.more = false;
  query.looked_at = query.since;
  switch (query.what) {
    case LogWhat::batches:
      return read_batches(journal, query);
    case LogWhat::acts:
      return read_acts(journal, query);
    case LogWhat::gaps:
      return read_gaps(journal, query);
    case LogWhat::rejections:
      for (auto& row : journal.rejections()) {
        query.answer.rejections.push_back(
            {std::move(row.principal), static_cast<wire::Refusal>(row.reason), row.count, std::move(row.sample)});
      }
      withhold_samples(query.answer.rejections, query.audience, query.principal);
      return std::nullopt;
    case LogWhat::head: {
      journal::SignedHead head;
      if (auto outcome = journal.head(head)) return outcome;
      query.answer.newest = journal.last_batch_id();
      query.answer.head = {head.batch,
                           std::move(head.chain),
                           std::move(head.signature),
                           std::move(head.public_key),
                           std::move(head.journal),
                           head.at,
                           head.alert,
                           head.note,
                           std::move(head.alert_chain),
                           std::move(head.note_chain)};
      return std::nullopt;
    }
  }
  return std::nullopt;
}
}  // namespace tocsin::daemon
