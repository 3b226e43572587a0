// SPDX-License-Identifier: Apache-2.0
// What an operator put aside: who may no longer be disturbed by it, until when, and what ends it before.
#include <string>
#include <utility>

#include "tocsin/daemon/core.hpp"
#include "tocsin/daemon/log.hpp"

#include "alarms.hpp"
#include "alert_query.hpp"
#include "shelves.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::string_view kDaemonItself = "tocsind";
constexpr const char* kAlarm = "unshelved";

/// A time limit in the unit a person would take.
std::string in_words(engine::Span span) {
  constexpr engine::Span kMinute = 60'000;
  if (span % (60 * kMinute) == 0) return std::to_string(span / (60 * kMinute)) + " h";
  return span % kMinute == 0 ? std::to_string(span / kMinute) + " min" : std::to_string(span) + " ms";
}

/// One line, whatever was sent.
std::string one_line(std::string_view text) {
  std::string out{text};
  for (char& letter : out) {
    if (static_cast<unsigned char>(letter) < 0x20U) letter = ' ';
  }
  return out;
}

/// Up to the next whole second, so that the journal says it without a fraction.
engine::Instant whole_second(engine::Instant at) { return (at + 999) / 1000 * 1000; }
}  // namespace

engine::Instant Core::wall() {
  if (!started_) return 0;
  return config_.clock == ClockSource::system ? engine_clock_.now() : engine_->clock();
}

std::string Core::load_shelves_() {
  *shelves_ = {};
  const auto name_of = [this](std::uint64_t number) {
    const auto record = find_alert(*journal_, number);
    return record ? record->name : std::string{};
  };
  const auto outcome = journal_->read_acts([&](const journal::Act& act) {
    shelves_->replay(act, name_of);
    return true;
  });
  tell_ended_shelves_();  // also that there is none any more, where it was in memory only
  return outcome ? outcome->text : std::string{};
}

std::string Core::shelve(const ShelfWish& wish, std::string_view who) {
  const auto index = image().find_alert(wish.alert);
  if (index == engine::kNone) return no_such_alert_(wish.alert);
  if (wish.why.empty()) return "say why it is shelved; the journal keeps that";
  if (wish.why.size() > kShelfWhyMax) {
    return "the reason has " + std::to_string(wish.why.size()) + " bytes and at most " + std::to_string(kShelfWhyMax) +
           " are kept; say it shorter";
  }
  if (wish.span_ms <= 0) return "a shelf has a time limit: say for how long";
  if (wish.span_ms > config_.shelve_max_ms) {
    return "it may be shelved for at most " + in_words(config_.shelve_max_ms) +
           " (shelve_max in the daemon's config); shelve it again then if need be";
  }
  const auto state = started_ ? engine_->alert_state(index) : engine::AlertState{};
  if (!state.raised) {
    return "\"" + std::string{wish.alert} + "\" is not raised, so there is nothing to shelve; shelve it once it is";
  }
  Shelf shelf;
  shelf.alert = wish.alert;
  shelf.by = who;
  shelf.why = one_line(wish.why);
  shelf.at = wall();
  shelf.until = whole_second(shelf.at + wish.span_ms);
  shelf.level = state.level;
  shelf.until_clear = wish.until_clear;
  journal::Act act;
  act.principal = who;
  act.kind = "shelve";
  const auto text = act_text(shelf);
  act.text = text;
  act.at = shelf.at;
  if (!keep(act)) return kNoRoomText;
  LogLine(Severity::info, "shelve")
      .field("name", shelf.alert)
      .field("by", shelf.by)
      .field("until", format_time(shelf.until))
      .field("until_clear", shelf.until_clear ? "true" : "false")
      .field("why", shelf.why);
  shelves_->put(std::move(shelf));
  tell_ended_shelves_();
  return {};
}

std::string Core::unshelve(std::string_view alert, std::string_view note, std::string_view who) {
  if (shelves_->find(alert) == nullptr) {
    return image().find_alert(alert) == engine::kNone ? no_such_alert_(alert)
                                                      : "\"" + std::string{alert} + "\" is not shelved";
  }
  journal::Act act;
  act.principal = who;
  act.kind = "unshelve";
  const auto text = act_text(alert, ShelfEnd::taken, one_line(note.substr(0, kShelfWhyMax)));
  act.text = text;
  if (!keep(act)) return kNoRoomText;
  LogLine(Severity::info, "unshelve").field("name", alert).field("end", "operator").field("by", who);
  (void)shelves_->remove(alert);
  tell_ended_shelves_();
  return {};
}

void Core::acknowledge_shelf(std::string_view alert) {
  shelves_->acknowledge(alert);
  tell_ended_shelves_();
}

bool Core::has_ended_shelves() const { return shelves_->ended() > 0; }

const Shelf* Core::shelf(std::string_view alert) const { return shelves_->find(alert); }

/// Whether an event is to be marked. What rises above the shelf's level ends it and is not.
bool Core::is_shelved_(const engine::AlertEvent& event, const engine::Image& book) {
  if (shelves_->empty()) return false;
  auto* shelf = shelves_->find(book.view(book.alerts[event.alert].name));
  if (shelf == nullptr || !shelf->stands() || event.detected_at >= shelf->until) return false;
  const bool rises = (event.kind == engine::EventKind::raised || event.kind == engine::EventKind::escalated) &&
                     event.level > shelf->level;
  if (rises) end_shelf_(*shelf, ShelfEnd::rose);
  return !rises;
}

void Core::end_shelf_(Shelf& shelf, ShelfEnd end) {
  shelf.end = end;
  shelf.ended_at = wall();
  LogLine(Severity::info, "unshelve")
      .field("name", shelf.alert)
      .field("end", name_of(end))
      .field("shelved_by", shelf.by)
      .instant("shelved_at", shelf.at);
  if (in_trouble()) return;  // what the journal knows is what counts once it is well again
  const auto text = act_text(shelf.alert, end);
  slabs_[filling_].add_own({shelf.ended_at, kDaemonItself, "unshelve", text});
}

void Core::watch_shelves() {
  if (shelves_->empty() || !started_) return;
  const auto now = wall();
  for (auto& shelf : shelves_->all()) {
    const auto index = image().find_alert(shelf.alert);
    const auto state = index == engine::kNone ? engine::AlertState{} : engine_->alert_state(index);
    if (!shelf.stands()) {
      if (!state.raised) end_shelf_(shelf, ShelfEnd::cleared);  // nothing is left to acknowledge
      continue;
    }
    if (index == engine::kNone) {
      end_shelf_(shelf, ShelfEnd::book);
    } else if (!state.raised && shelf.until_clear) {
      end_shelf_(shelf, ShelfEnd::cleared);
    } else if (state.raised && state.level > shelf.level) {
      end_shelf_(shelf, ShelfEnd::rose);
    } else if (now >= shelf.until) {
      end_shelf_(shelf, state.raised ? ShelfEnd::time : ShelfEnd::lapsed);
    }
  }
  shelves_->remove_if([](const Shelf& shelf) {
    return shelf.end != ShelfEnd::none && shelf.end != ShelfEnd::time && shelf.end != ShelfEnd::rose;
  });
  tell_ended_shelves_();
}

/// Names no alert: not everybody who hears of the daemon's alarms may see every alert.
void Core::tell_ended_shelves_() {
  const auto ended = shelves_->ended();
  if (ended == 0) return alarms_->clear(kAlarm);
  alarms_->raise(kAlarm, (ended == 1 ? std::string{"an alert"} : std::to_string(ended) + " alerts") +
                             " came back from a shelf and nobody acknowledged that yet: see `tocsin status`, then "
                             "acknowledge the alert event, or shelve it again");
}

void Core::fill_shelf_(wire::AlertStatus& status) const {
  const auto* shelf = shelves_->find(status.name);
  if (shelf == nullptr) return;
  auto& out = status.shelf.emplace();
  out.by = shelf->by;
  out.why = shelf->why;
  out.at = shelf->at;
  out.until = shelf->until;
  out.level = shelf->level;
  out.until_clear = shelf->until_clear;
  out.ended = name_of(shelf->end);
  out.ended_at = shelf->ended_at;
}

std::string Core::no_such_alert_(std::string_view name) const {
  if (wire::find_rule(image(), name).found()) {
    return "\"" + printable(name, wire::kNameBytesMax) + "\" is a condition; what is shelved are alerts and linkages";
  }
  return no_such_rule_(name);
}
}  // namespace tocsin::daemon
