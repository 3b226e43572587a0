// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <utility>

#include "verbs/watch_session.hpp"

namespace tocsin::tools {
void Watch::go_back(std::uint64_t mark, std::uint64_t newest) {
  const std::string now = newest == 0 ? "it has no event yet" : "its newest event is " + std::to_string(newest);
  std::string next;
  if (!options_.consumer.empty()) {
    next = "; going on from the cursor of \"" + options_.consumer + "\" in that journal";
  } else if (mark != 0) {
    next = "; events up to " + std::to_string(mark) + " were not shown again, see `tocsin log alerts`";
  }
  std::fprintf(stderr, "watch: the daemon goes on with another or an older journal: %s, event %llu was known here%s\n",
               now.c_str(), static_cast<unsigned long long>(track_.newest()), next.c_str());
  track_.restart(options_.consumer.empty() ? mark : 0);
  moved_ = 0;
  mark_asked_ = 0;
  doubt_.reset();
  ++journals_;
  next_look_ = Clock::now();
}

void Watch::doubt(std::uint64_t mark) {
  doubt_ = std::min(doubt_.value_or(kNoNumber), mark);
  next_look_ = Clock::now();
}

bool Watch::settle_doubt() {
  drain();  // what the daemon before said
  const auto journal = journals_;
  const auto status = ask_status();
  if (!status) return false;
  const auto held = newest_of_old();
  const auto newest = status->status->newest_alert;
  auto mark = newest;
  bool other = newest < std::max(track_.newest(), held ? held->number : 0);
  if (!other && (held || track_.last() != 0)) {
    mark = (held ? held->number : track_.last()) - 1;  // what is compared is new here, if it is not the same
    if (!compare_last(held, other)) return false;
  }
  if (journals_ != journal || !doubt_) return true;  // it was settled by what rang meanwhile
  if (other) {
    mark = std::min(mark, *doubt_);
    show_held_of_old();  // before its numbers are forgotten
    if (journals_ == journal) go_back(mark, newest);
    return true;
  }
  track_.vouch();
  doubt_.reset();
  return true;
}

bool Watch::fetch_one(std::uint64_t number, std::optional<AlignedBuffer>& event) {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::alerts_since;
  request.since = number - 1;
  request.limit = 1;
  const auto reply = ask_the_same(std::move(request));
  if (!reply) return false;
  if (reply->alerts.empty()) return true;
  AlignedBuffer buffer{reply->alerts.front()};
  const auto alert = wire::decode_alert(buffer.bytes());
  if (alert && alert->number == number) event = std::move(buffer);
  return true;
}

bool Watch::know_mark() {
  const auto mark = track_.mark();
  if (mark == mark_asked_ || track_.last() != 0) return true;
  const auto journal = journals_;
  std::optional<AlignedBuffer> event;
  if (!fetch_one(mark, event)) return false;
  if (journals_ != journal) return true;  // the answer is of the other one
  mark_asked_ = mark;
  if (event) track_.know(mark, event->bytes());
  return true;
}

std::optional<Watch::Held> Watch::newest_of_old() const {
  const Held* found = nullptr;
  for (const auto& one : held_) {
    if (one.what == What::connected) break;
    if (one.what == What::event && one.number > track_.last()) found = &one;
  }
  return found == nullptr ? std::nullopt : std::optional{*found};
}

bool Watch::compare_last(const std::optional<Held>& held, bool& other) {
  const auto last = track_.last();
  std::optional<AlignedBuffer> event;
  if (!fetch_one(held ? held->number : last, event)) return false;
  if (!event) return true;
  if (held) {
    other = !std::ranges::equal(event->bytes(), held->frame.bytes());
  } else if (track_.last() == last) {
    other = !track_.is_last(event->bytes());
  }
  return true;
}

std::optional<wire::ControlReply> Watch::ask_status() {
  asking_ = true;
  auto reply = control_->ask({.kind = wire::ControlKind::status, .id = 0, .feed = {}, .since = 0, .limit = 0});
  asking_ = false;
  if (reply && reply->ok && !reply->status) reply->ok = false;
  return checked(std::move(reply));
}

std::optional<wire::ControlReply> Watch::ask_the_same(wire::ControlRequest request) {
  asking_ = true;
  auto reply = control_->ask_the_same(std::move(request));
  asking_ = false;
  if (!reply) {
    broke_ = control_->broke();
    doubt(kNoNumber);  // whoever answers next may have another journal
    if (!broke_) next_look_ = Clock::now() + kGapCheck;
  }
  return checked(std::move(reply));
}

std::optional<wire::ControlReply> Watch::checked(std::optional<wire::ControlReply> reply) {
  if (reply && reply->ok) return reply;
  error_ = reply ? options_.control + ": " + reply->error : control_->error();
  return std::nullopt;
}

bool Watch::begin() {
  const bool at_newest = !options_.from_start && options_.consumer.empty();
  if (!at_newest) track_.restart(options_.since);  // 0 of a consumer: from its cursor
  for (bool again = at_newest; again;) {
    const auto reply = ask_status();
    if (!reply) return false;
    std::uint64_t mark = reply->status->newest_alert;
    for (const auto& one : held_) {  // what has rung already is for us
      if (one.what == What::event) mark = std::min(mark, one.number - 1);
    }
    track_.restart(mark);
    again = !know_mark() && std::exchange(broke_, false);  // the next daemon may have another event of that number
  }
  doubt(kNoNumber);  // whether the journal goes so far
  begun_ = true;
  return true;
}

bool Watch::fetch() {
  for (bool more = true; more && !finished();) {
    const auto journal = journals_;
    wire::ControlRequest request;
    request.kind = wire::ControlKind::alerts_since;
    request.since = track_.mark();
    request.consumer = options_.consumer;
    const auto reply = ask_the_same(std::move(request));
    if (!reply) return false;
    if (journals_ != journal) continue;  // the answer is of the other one
    const std::uint64_t before = track_.mark();
    take_fetched(*reply);
    more = reply->more && track_.mark() > before;
  }
  return move_cursor();
}

void Watch::take_fetched(const wire::ControlReply& reply) {
  if (reply.gone_last > track_.mark()) {
    std::fprintf(stderr, "watch: %s\n", gone_alerts_text(reply.gone_first, reply.gone_last).c_str());
    track_.fetched_up_to(reply.gone_last);
  }
  for (const auto& bytes : reply.alerts) {
    if (finished()) return;
    const AlignedBuffer buffer{bytes};
    const auto alert = wire::decode_alert(buffer.bytes());
    if (alert && alert->number && track_.fetched(*alert->number, buffer.bytes())) print(*alert);
  }
  if (reply.cursor && !finished()) track_.fetched_up_to(*reply.cursor);  // not all are for us to see
}

bool Watch::move_cursor() {
  if (options_.consumer.empty() || track_.mark() <= moved_) return true;
  const auto journal = journals_;
  const auto mark = track_.mark();
  wire::ControlRequest request;
  request.kind = wire::ControlKind::ack_alerts;
  request.consumer = options_.consumer;
  request.number = mark;
  moving_ = true;
  const bool moved = ask_the_same(std::move(request)).has_value();
  moving_ = false;
  if (moved && journals_ == journal) moved_ = mark;
  return moved;
}

bool Watch::leave_cursor() {
  moving_ = true;  // that is waited for, also when enough was shown
  const bool fine = options_.consumer.empty() || !doubt_ || settle_doubt();
  return fine && move_cursor();
}

void Watch::tell_trouble(bool fine) {
  if (fine) {
    if (!trouble_.empty()) std::fprintf(stderr, "watch: %s works again\n", options_.control.c_str());
    trouble_.clear();
    return;
  }
  if (finished() || stop_requested()) return;
  if (error_ != trouble_) std::fprintf(stderr, "watch: %s\n", error_.c_str());
  trouble_ = error_;
}

bool Watch::look() {
  if (!begun_ && !begin()) return false;
  next_look_ = Clock::now() + kGapCheck;
  tell_trouble(caught_up());
  if (!show_held()) tell_trouble(false);
  return true;
}
}  // namespace tocsin::tools
