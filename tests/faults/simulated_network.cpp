// SPDX-License-Identifier: Apache-2.0
#include "simulated_network.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <zmq.h>

namespace tocsin::daemon::faults {
namespace {
constexpr int kFirstFd = 10;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

bool arrived(const std::deque<Link::Letter>& queue, std::int64_t now_ms) {
  return !queue.empty() && queue.front().due_ms <= now_ms;
}
}  // namespace

Frame frame_of(std::string_view text) {
  Frame frame;
  for (const char c : text) frame.push_back(static_cast<std::byte>(c));
  return frame;
}

std::string_view text_of(const Frame& frame) {
  return {static_cast<const char*>(static_cast<const void*>(frame.data())), frame.size()};
}

int SimulatedNetwork::lowest_fd_() const {
  int fd = kFirstFd;
  for (const auto& [used, link] : open_) {
    if (used != fd) break;
    ++fd;
  }
  return fd;
}

std::int64_t SimulatedNetwork::due_(const std::deque<Link::Letter>& queue) {
  std::int64_t takes = static_cast<std::int64_t>(random_.below(3));
  if (!calm_ && random_.chance(20)) takes = random_.between(5, 300);
  if (!calm_ && random_.chance(1)) takes = random_.between(1000, 20'000);
  const auto due = now_ms_ + takes;
  return queue.empty() ? due : std::max(due, queue.back().due_ms);
}

LinkPtr SimulatedNetwork::make_(SimulatedSocket& socket, const std::string& endpoint, const std::string& routing_id,
                                bool outgoing) {
  const int fd = lowest_fd_();
  const auto user = gate_.admit ? gate_.admit(endpoint, fd, outgoing) : std::nullopt;
  if (!user) return nullptr;
  auto link = std::make_shared<Link>();
  link->fd = fd;
  link->endpoint = endpoint;
  link->routing_id = routing_id;
  link->user_id = *user;
  open_.emplace(fd, link);
  socket.links.push_back(link);
  return link;
}

std::string SimulatedNetwork::next_id_() {
  std::string id(5, '\0');
  ++ids_given_;
  for (unsigned i = 0; i < 4; ++i) id[4 - i] = static_cast<char>((ids_given_ >> (8 * i)) & 0xFFU);
  return id;
}

LinkPtr SimulatedNetwork::dial(const std::string& endpoint, const std::string& routing_id) {
  for (auto& socket : sockets_) {
    if (std::find(socket->bound.begin(), socket->bound.end(), endpoint) == socket->bound.end()) continue;
    if (socket->type == ZMQ_ROUTER && find(*socket, routing_id) != nullptr) return nullptr;  // in use
    return make_(*socket, endpoint, routing_id.empty() ? next_id_() : routing_id, false);
  }
  return nullptr;
}

void SimulatedNetwork::connect_publishers() {
  for (auto& socket : sockets_) {
    for (const auto& publisher : socket->dials) {
      const auto there = publishers_.find(publisher);
      if (there == publishers_.end() || !there->second || listener_of(publisher) != nullptr) continue;
      (void)make_(*socket, publisher, {}, true);
    }
  }
}

LinkPtr SimulatedNetwork::listener_of(const std::string& publisher) const {
  for (const auto& [fd, link] : open_) {
    if (link->endpoint == publisher) return link;
  }
  return nullptr;
}

void SimulatedNetwork::send(Link& link, Message message) {
  if (!link.open) return;
  for (const auto& socket : sockets_) {
    if (std::none_of(socket->links.begin(), socket->links.end(),
                     [&](const LinkPtr& one) { return one.get() == &link; }))
      continue;
    const auto most = socket->message_bytes_max;
    const bool too_large = most >= 0 && std::any_of(message.begin(), message.end(), [&](const Frame& frame) {
                             return frame.size() > static_cast<std::size_t>(most);
                           });
    if (too_large) return end_(link, false);
  }
  const auto due = due_(link.inbound);
  link.inbound.push_back({due, std::move(message)});
}

std::optional<Message> SimulatedNetwork::receive(Link& link) {
  if (!arrived(link.outbound, now_ms_)) return std::nullopt;
  auto message = std::move(link.outbound.front().frames);
  link.outbound.pop_front();
  return message;
}

void SimulatedNetwork::hang_up(Link& link) { end_(link, true); }

void SimulatedNetwork::end_(Link& link, bool lose_replies) {
  if (!link.open) return;
  link.open = false;
  open_.erase(link.fd);
  // libzmq hands on what it had read, and no more.
  std::erase_if(link.inbound, [&](const Link::Letter& letter) { return letter.due_ms > now_ms_; });
  if (random_.chance(50)) link.inbound.clear();
  if (lose_replies) link.outbound.clear();
  for (const auto& socket : sockets_) {
    const auto found = std::find_if(socket->links.begin(), socket->links.end(),
                                    [&](const LinkPtr& one) { return one.get() == &link; });
    if (found == socket->links.end()) continue;
    if (socket->type == ZMQ_XPUB) {
      for (const auto& topic : link.topics) socket->notes.emplace_back(frame_of('\0' + topic), nullptr);
    }
    if (link.inbound.empty()) socket->links.erase(found);
    break;
  }
  if (gate_.left) gate_.left(link.endpoint, link.fd);
}

SimulatedSocket* SimulatedNetwork::open(int type) {
  sockets_.push_back(std::make_unique<SimulatedSocket>());
  sockets_.back()->type = type;
  return sockets_.back().get();
}

void SimulatedNetwork::close(SimulatedSocket* socket) {
  const auto links = socket->links;
  for (const auto& link : links) end_(*link, false);
  std::erase_if(sockets_, [&](const auto& one) { return one.get() == socket; });
}

bool SimulatedNetwork::readable(SimulatedSocket& socket) const {
  if (!socket.reading.empty() || !socket.notes.empty()) return true;
  return std::any_of(socket.links.begin(), socket.links.end(),
                     [&](const LinkPtr& link) { return arrived(link->inbound, now_ms_); });
}

bool SimulatedNetwork::next(SimulatedSocket& socket, Message& message, LinkPtr& from) {
  if (!socket.notes.empty()) {
    message = {std::move(socket.notes.front().first)};
    from = socket.notes.front().second;
    socket.notes.pop_front();
    return true;
  }
  std::vector<LinkPtr> ready;
  for (const auto& link : socket.links) {
    if (arrived(link->inbound, now_ms_)) ready.push_back(link);
  }
  if (ready.empty()) return false;
  from = ready[random_.index(ready.size())];
  message = std::move(from->inbound.front().frames);
  from->inbound.pop_front();
  if (!from->open && from->inbound.empty()) std::erase(socket.links, from);
  return true;
}

LinkPtr SimulatedNetwork::find(const SimulatedSocket& socket, std::string_view routing_id) {
  const auto found = std::find_if(socket.links.begin(), socket.links.end(),
                                  [&](const LinkPtr& one) { return one->routing_id == routing_id; });
  return found == socket.links.end() ? nullptr : *found;
}

bool SimulatedNetwork::full(const SimulatedSocket& socket, const Link& link) {
  return socket.send_high_water > 0 && link.outbound.size() >= socket.send_high_water;
}

void SimulatedNetwork::deliver(Link& link, const Message& message) {
  if (!link.open) return;
  const auto due = due_(link.outbound);
  link.outbound.push_back({due, message});
}

void SimulatedNetwork::shut(int fd) {
  const auto found = open_.find(fd);
  if (found == open_.end()) return;
  const auto link = found->second;
  end_(*link, true);
}

void SimulatedNetwork::crash() {
  gate_ = {};
  while (!open_.empty()) {
    const auto link = open_.begin()->second;
    // What the kernel had taken still comes.
    while (!link->outbound.empty() && random_.chance(50)) link->outbound.pop_back();
    end_(*link, false);
  }
  for (auto& socket : sockets_) {
    socket->bound.clear();
    socket->dials.clear();
  }
}

std::int64_t SimulatedNetwork::next_due_ms() const {
  auto due = kNever;
  const auto look = [&](const std::deque<Link::Letter>& queue) {
    // What is due already waits for somebody who does not read.
    if (!queue.empty() && queue.front().due_ms > now_ms_) due = std::min(due, queue.front().due_ms);
  };
  for (const auto& [fd, link] : open_) {
    look(link->inbound);
    look(link->outbound);
  }
  return due;
}
}  // namespace tocsin::daemon::faults
