// SPDX-License-Identifier: Apache-2.0
// What operators acknowledge and put aside. All of it is answered once it is durable.
#include <cstdint>
#include <string>
#include <utility>

#include "tocsin/daemon/log.hpp"

#include "control_reply.hpp"
#include "server.hpp"
#include "shelves.hpp"

namespace tocsin::daemon {
namespace {
std::string no_such_event(std::uint64_t number, std::uint64_t newest) {
  return "there is no alert event " + std::to_string(number) + "; the newest is " + std::to_string(newest);
}
}  // namespace

void Server::act_is_kept_(const Asker& asker, wire::ControlReply& reply) {
  promises_[core_.slab()].push_back({asker, std::move(reply)});
}

bool Server::acknowledge_event_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply) {
  if (request.number == 0 || request.number > core_.newest_alert()) {
    return fail(reply, no_such_event(request.number, core_.newest_alert()));
  }
  const auto* audience = audience_of_(*asker.principal);
  // Whose event it is matters only for one who may not see all, and while a shelf that ended waits for this.
  if (sees_all(audience) && !core_.has_ended_shelves()) {
    (void)keep_acknowledged_(asker, request.number, request.text);
    return false;
  }
  if (find_event_.out) return fail(reply, "somebody else acknowledges something; ask again in a moment");
  find_event_.asker = asker;
  find_event_.number = request.number;
  find_event_.note = request.text;
  find_event_.audience = audience;
  find_event_.out = journal_.post(find_event_);
  return find_event_.out ? false : fail(reply, kNoRoomText);
}

void Server::event_found_() {
  auto& job = find_event_;
  job.out = false;
  // One who may not see it does not learn that there is one. What retention removed is still acknowledged by those who
  // see all.
  if (!sees_all(job.audience) && !job.seen) {
    wire::ControlReply reply;
    core_.count_refusal(*job.asker.principal, wire::Refusal::not_authorised,
                        "acknowledge " + std::to_string(job.number));
    (void)fail(reply, no_such_event(job.number, core_.newest_alert()));
    return reply_(job.asker, reply);
  }
  if (keep_acknowledged_(job.asker, job.number, job.note)) core_.acknowledge_shelf(job.name);
}

bool Server::keep_acknowledged_(const Asker& asker, std::uint64_t number, const std::string& note) {
  journal::Act act;
  act.principal = asker.principal->name;
  act.kind = "acknowledge";
  const auto text = std::to_string(number) + (note.empty() ? "" : " ") + note;
  act.text = text;
  wire::ControlReply reply;
  if (!core_.keep(act)) {
    (void)fail(reply, kNoRoomText);
    reply_(asker, reply);
    return false;
  }
  act_is_kept_(asker, reply);
  return true;
}

bool Server::refuse_unseen_(std::string_view alert, std::string_view what, const Asker& asker,
                            wire::ControlReply& reply) {
  if (may_see_(*asker.principal, core_.image().find_alert(alert))) return false;
  core_.count_refusal(*asker.principal, wire::Refusal::not_authorised,
                      std::string{what} + " \"" + std::string{alert} + "\"");
  return fail(reply, "\"" + asker.principal->name + "\" may not see \"" + std::string{alert} +
                         "\": its marking or release list does not allow that audience");
}

bool Server::shelve_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply) {
  if (refuse_unseen_(request.name, "shelve", asker, reply)) return true;
  const ShelfWish wish{request.name, request.span_ms, request.until_clear, request.text};
  if (auto error = core_.shelve(wish, asker.principal->name); !error.empty()) return fail(reply, std::move(error));
  const auto& shelf = *core_.shelf(request.name);
  reply.text = "\"" + request.name + "\" is shelved until " + format_time(shelf.until) +
               (shelf.until_clear ? " or until it clears" : "") + "; a rise of its level ends that";
  act_is_kept_(asker, reply);
  return false;
}

bool Server::unshelve_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply) {
  if (refuse_unseen_(request.name, "unshelve", asker, reply)) return true;
  if (auto error = core_.unshelve(request.name, request.text, asker.principal->name); !error.empty()) {
    return fail(reply, std::move(error));
  }
  reply.text = "\"" + request.name + "\" is not shelved any more";
  act_is_kept_(asker, reply);
  return false;
}
}  // namespace tocsin::daemon
