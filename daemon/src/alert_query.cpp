// SPDX-License-Identifier: Apache-2.0
#include "alert_query.hpp"

namespace tocsin::daemon {
bool sees_all(const AudienceConfig* audience) {
  return audience == nullptr || (audience->all_releases && audience->ceiling == engine::Marking::red);
}

// Not by the book that rules: it may have changed since.
bool visible(const AudienceConfig* audience, const wire::AlertRecord& record) {
  if (sees_all(audience)) return true;
  const std::vector<std::string_view> release(record.release.begin(), record.release.end());
  return may_see(*audience, record.marking, release);
}

bool visible(const AudienceConfig* audience, std::span<const std::byte> bytes) {
  if (sees_all(audience)) return true;
  const auto record = wire::decode_alert(bytes);
  return record && visible(audience, *record);
}

std::optional<wire::AlertRecord> find_alert(journal::Journal& journal, std::uint64_t number) {
  std::optional<wire::AlertRecord> found;
  if (number == 0) return found;
  (void)journal.read_alerts(number - 1, [&](const journal::StoredAlert& alert) {
    if (alert.number == number) found = wire::decode_alert(alert.bytes);
    return false;
  });
  return found;
}

journal::Outcome read_alerts(journal::Journal& journal, AlertQuery& query) {
  std::size_t bytes = 0;
  std::size_t looked_at = 0;
  query.alerts.clear();
  query.more = false;
  query.looked_at = query.since == 0 && !query.consumer.empty() ? journal.cursor(query.consumer) : query.since;
  // Who came back too late must not take what is gone for what was not for it to see.
  const auto last = journal.state().gone_alert;
  const bool gone = query.looked_at < last;
  query.gone_first = gone ? query.looked_at + 1 : 0;
  query.gone_last = gone ? last : 0;
  return journal.read_alerts(query.looked_at, [&](const journal::StoredAlert& alert) {
    if (query.alerts.size() >= query.limit || bytes + alert.bytes.size() > kAnswerBytesMax ||
        looked_at >= kLookedAtMax) {
      query.more = true;
      return false;
    }
    ++looked_at;
    query.looked_at = alert.number;
    if (!visible(query.audience, alert.bytes)) return true;
    bytes += alert.bytes.size();
    query.alerts.emplace_back(alert.bytes.begin(), alert.bytes.end());
    return true;
  });
}
}  // namespace tocsin::daemon
