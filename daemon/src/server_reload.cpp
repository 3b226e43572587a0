// SPDX-License-Identifier: Apache-2.0
// Another book, or other keys, while the daemon runs. A book warms up on the journal's thread, a stride at a time
// between commits; when it knows all that is stored, input waits for a moment and the book changes between two lines.
#include <string>
#include <utility>

#include "tocsin/daemon/log.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "level_name.hpp"
#include "server.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::string_view kByOperator = "SIGHUP";
constexpr const char* kOldRules = "; the old book rules on";
constexpr const char* kNotTheFile =
    "the book that rules came by control and is not that of the image file: put it there too, or whatever new file "
    "comes there rules at the next start or SIGHUP";
}  // namespace

std::string Server::begin_reload_(std::span<const std::byte> image, std::optional<Asker> asker, std::string_view who) {
  if (reload_.next) return "another reload is under way; ask again when it is done";
  if (core_.in_trouble()) return "the journal is in trouble, so no book can change: " + core_.journal_error();
  auto next = std::make_unique<Successor>(config_.label);
  auto error = image.empty() ? next->load(config_.image) : next->load(image, "the image");
  if (error.empty()) error = next->lacks(config_);
  if (!error.empty()) return error + kOldRules;
  if (next->image().book_hash == core_.image().book_hash) {
    if (next->from_file() && !core_.found_in_file()) return kNoRoomText;
    return rules_already_(asker, who);
  }
  reload_.next = std::move(next);
  reload_.asker = std::move(asker);
  reload_.who = who;
  warm_.successor = reload_.next.get();
  warm_.out = journal_.post(warm_);
  return {};
}

/// The book is the one that rules: nothing changes, but the alarm of an attempt before that is over.
std::string Server::rules_already_(const std::optional<Asker>& asker, std::string_view who) {
  LogLine(Severity::info, "reload").field("by", who).field("cleared", 0).field("book", "rules already");
  tell_whose_book_();
  if (!asker) return {};
  wire::ControlReply reply;
  reply.text = "this book rules already";
  reply_(*asker, reply);
  return {};
}

void Server::tell_whose_book_() {
  if (core_.rules_from_journal()) {
    core_.alarms().raise("book", kNotTheFile);
  } else {
    core_.alarms().clear("book");
  }
}

void Server::warm_done_() {
  warm_.out = false;
  switch (warm_.progress) {
    case Successor::Progress::more:
      if (stopping_) return end_reload_("the daemon stops");
      if (core_.in_trouble()) {  // it heals when nobody reads it
        return end_reload_("the journal failed while the book was made ready; ask again once it is well: " +
                           core_.journal_error());
      }
      warm_.out = journal_.post(warm_);
      return;
    case Successor::Progress::failed:
      return end_reload_(reload_.next->error());
    case Successor::Progress::level:
      reload_.ready = true;
      return;
  }
}

void Server::change_book_if_ready_() {
  if (!reload_.ready) return;
  if (core_.in_trouble() || stopping_) return end_reload_("the journal is in trouble, or the daemon stops");
  if (core_.in_flight() || !core_.batch().empty() || !journal_.idle()) return;
  BookChange change;
  const auto begin = steady_ns();
  const auto error = core_.change_book(*reload_.next, reload_.who, change);
  audiences_.resolve(core_.image());
  if (core_.in_trouble()) {
    if (core_.commit() == CommitResult::fatal) return end_broken_reload_(error);
    enter_trouble_();
  }
  if (!error.empty()) return end_reload_(error);
  if (core_.in_trouble()) return end_unstored_reload_();
  for (const auto& told : change.told) tell_change_(told);
  if (!change.told.empty()) publish_head_();
  const std::string text = "the book changed: " + std::to_string(change.cleared) + " alerts cleared, " +
                           std::to_string(change.history) + " alert events of the past stored";
  LogLine(Severity::info, "reload")
      .field("by", reload_.who)
      .field("cleared", change.cleared)
      .field("history", change.history)
      .field("items", reload_.next->items())
      .milliseconds("ms", steady_ns() - begin);
  reload_.text = text;
  end_reload_({});
}

/// @param error  why the old book rules on; empty: the change was to be stored, and nobody knows whether it is.
void Server::end_broken_reload_(const std::string& error) {
  const auto text = error.empty()
                        ? "it is not known which book rules, since it is not known whether the change is stored: " +
                              core_.journal_error()
                        : error + kOldRules;
  LogLine(Severity::error, "reload").field("by", reload_.who).field("error", text);
  answer_reload_(text + "; the daemon ends, and its next start tells");
  fail_();
}

/// The new book rules in memory. Healing stores that, unless the daemon dies before.
void Server::end_unstored_reload_() {
  const auto error =
      "the new book rules, but that is not stored, since the journal is in trouble: " + core_.journal_error() +
      "; it is stored as soon as the journal is well, and a restart before that loses it: ask again then";
  LogLine(Severity::error, "reload").field("by", reload_.who).field("error", error);
  tell_whose_book_();
  answer_reload_(error);
}

void Server::tell_change_(const Told& told) {
  LogLine(Severity::info, "alert")
      .field("n", told.number)
      .field("name", told.name)
      .field("alert_level", name_of(told.level))
      .field("notified", told.notify ? "yes" : "no")
      .instant("at", told.at);
  if (!told.notify) return;
  const auto record = wire::decode_alert(told.bytes());  // of the old book or the new: by what it says itself
  if (!record) return;
  const std::vector<std::string_view> release(record->release.begin(), record->release.end());
  for (std::size_t audience = 0; audience < audiences_.size(); ++audience) {
    if (!may_see(audiences_.config(audience), record->marking, release)) continue;
    topic_.assign(audiences_.name(audience)).append("/").append(name_of(told.level)).append("/").append(told.name);
    if (alerts_.send(topic_, true) == SendResult::sent) (void)alerts_.send(told.bytes(), false);
  }
}

void Server::end_reload_(const std::string& error) {
  if (!error.empty()) {
    LogLine(Severity::error, "reload").field("by", reload_.who).field("error", error);
    core_.alarms().raise("book", "the book was not reloaded: " + error + kOldRules);
  } else {
    tell_whose_book_();
  }
  answer_reload_(error.empty() ? error : error + kOldRules);
}

void Server::answer_reload_(const std::string& error) {
  if (reload_.asker) {
    wire::ControlReply reply;
    reply.ok = error.empty();
    reply.error = error;
    reply.text = reload_.text;
    reply_(*reload_.asker, reply);
  }
  reload_ = {};
}

void Server::reload_keys_() {
  if (config_.keys.folder.empty()) return;
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
  auto fresh = Keyring::reload(config_, *keyring_, errors, warnings);
  for (const auto& error : errors) {
    LogLine(Severity::error, "keys").field("error", error).field("meaning", "whose file it is keeps the keys it had");
  }
  if (errors.empty()) {
    core_.alarms().clear("keys");
  } else {
    core_.alarms().raise("keys", "not all keys could be read; mend that and send SIGHUP again: " + errors.front());
  }
  for (const auto& warning : warnings) LogLine(Severity::warning, "keys").field("text", warning);
  const auto change = fresh->since(*keyring_);
  keyring_ = std::move(fresh);
  zap_.replace(keyring_);
  core_.authority().replace(keyring_);
  LogLine(Severity::info, "keys").field("added", change.added.size()).field("withdrawn", change.withdrawn.size());
}

void Server::reload_by_signal_() {
  reload_keys_();
  if (const auto error = begin_reload_({}, std::nullopt, kByOperator); !error.empty()) {
    LogLine(Severity::error, "reload").field("by", kByOperator).field("error", error);
    core_.alarms().raise("book", "the book was not reloaded: " + error);
  }
}
}  // namespace tocsin::daemon
