// SPDX-License-Identifier: Apache-2.0
// What becomes of a line, and the set of reports that a question is asked about.
#include "tocsin/model/model.hpp"

#include <algorithm>

#include "evaluate.hpp"
#include "reports.hpp"

namespace tocsin::model {
using namespace tocsin::engine;

bool Model::stale(Instant time) const {
  if (time < first_ || time < clock_ - image_.horizon_ms) return true;
  const std::size_t newest = image_.bounds.log_capacity;
  return lines_.size() >= newest && time < lines_[lines_.size() - newest].time;
}

Disposition Model::take(const Input& input) {
  clock_ = std::max(clock_, input.kind == InputKind::clock ? input.time : input.received);
  if (input.kind == InputKind::clock) return Disposition::taken;
  if (input.kind == InputKind::report) {
    if (input.status == Status::exercise && !mode_.evaluate_exercise) return Disposition::not_evaluated;
    if (input.status == Status::test && !mode_.evaluate_test) return Disposition::not_evaluated;
  }
  if (stale(input.time)) return Disposition::stale;
  if (input.kind == InputKind::heartbeat) {
    heartbeats_.push_back(input);
    return Disposition::taken;
  }
  return take_numbered(input);
}

Disposition Model::take_numbered(const Input& input) {
  const std::size_t newest = image_.bounds.log_capacity;
  const std::size_t reached = lines_.size() > newest ? lines_.size() - newest : 0;
  for (std::size_t i = reached; i < lines_.size(); ++i) {
    const Line& known = lines_[i];
    if (known.feed != input.feed || known.seq != input.seq) continue;
    if (known.content == input.content && known.time == input.time) return Disposition::duplicate;
    if (!stale(known.time)) return Disposition::reused;  // else its number is free again
  }
  if (lines_.size() >= newest) {
    const Line& oldest = lines_[lines_.size() - newest];
    if (in_event_order(input, oldest)) return Disposition::stale;
    if (oldest.time > clock_) return Disposition::full;  // all places hold what waits for its instant
  }
  Line added{input};
  for (std::size_t i = reached; i < lines_.size(); ++i) {
    Line& other = lines_[i];
    if (other.feed != input.feed || stale(other.time)) continue;  // a withdrawal of a stale report is stale
    if (other.has_target_seq && input.kind == InputKind::report && other.target_seq == input.seq)
      added.withdrawn = true;
    if (input.has_target_seq && other.kind == InputKind::report && input.target_seq == other.seq)
      other.withdrawn = true;
  }
  lines_.insert(std::upper_bound(lines_.begin(), lines_.end(), added, in_event_order), added);
  return added.withdrawn ? Disposition::withdrawn : Disposition::taken;
}

Evaluation Model::evaluate(Instant to) const {
  Evaluation out;
  out.within = {first_, to};
  if (to < first_) return out;
  Reports reports{image_, std::vector<std::vector<Input>>(image_.indicators.size())};
  std::vector<std::vector<Instant>> contacts(image_.feeds.size());
  for (const Line& line : lines_) {
    if (line.kind != InputKind::report || line.withdrawn || line.time > to) continue;
    reports.of[line.indicator].push_back(line);
    contacts[line.feed].push_back(line.time);
  }
  for (const Input& heartbeat : heartbeats_) contacts[heartbeat.feed].push_back(heartbeat.time);
  decide_contact(image_, contacts, out);
  decide_nodes(image_, reports, out);
  decide_alerts(image_, reports, out);
  decide_theaters(image_, out);
  return out;
}
}  // namespace tocsin::model
