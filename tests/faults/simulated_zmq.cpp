// SPDX-License-Identifier: Apache-2.0
// libzmq's functions, as far as the daemon uses them, on the simulated network. A program that has this file does not
// use the library.
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <zmq.h>

#include "simulated_machine.hpp"

using namespace tocsin::daemon::faults;

namespace {
/// Behind a zmq_msg_t. The bytes lie where no number may be read.
struct Part {
  Frame bytes;  ///< the first one is padding
  bool more = false;
  int fd = -1;
  std::string user_id;
};
static_assert(sizeof(Part*) <= sizeof(zmq_msg_t));

Part*& part_of(zmq_msg_t* message) { return *reinterpret_cast<Part**>(message); }
Part* part_of(const zmq_msg_t* message) { return *reinterpret_cast<Part* const*>(message); }
SimulatedSocket& socket_of(void* socket) { return *static_cast<SimulatedSocket*>(socket); }

int fail(int error) {
  errno = error;
  return -1;
}

bool begin_message(SimulatedSocket& socket, Message& message, LinkPtr& from) {
  if (!SimulatedMachine::here().network.next(socket, message, from)) return false;
  if (socket.type == ZMQ_ROUTER) message.insert(message.begin(), frame_of(from->routing_id));
  if (socket.type == ZMQ_XPUB) socket.noted = from;
  return true;
}

void publish(SimulatedSocket& socket, const Message& message) {
  auto& machine = SimulatedMachine::here();
  machine.published(message);
  const auto topic = text_of(message.front());
  for (const auto& link : socket.links) {
    const bool wants = std::any_of(link->topics.begin(), link->topics.end(),
                                   [&](const std::string& prefix) { return topic.starts_with(prefix); });
    if (wants && !SimulatedNetwork::full(socket, *link)) machine.network.deliver(*link, message);
  }
}

int route(SimulatedSocket& socket, Frame frame, bool more) {
  if (socket.to == nullptr && more && socket.writing.empty()) {
    auto link = SimulatedNetwork::find(socket, text_of(frame));
    if (link == nullptr || !link->open) return fail(EHOSTUNREACH);
    if (SimulatedNetwork::full(socket, *link)) return fail(EAGAIN);
    socket.to = std::move(link);
    return 0;
  }
  socket.writing.push_back(std::move(frame));
  if (more) return 0;
  if (socket.to != nullptr) SimulatedMachine::here().network.deliver(*socket.to, socket.writing);
  socket.to = nullptr;
  socket.writing.clear();
  return 0;
}
}  // namespace

extern "C" {
void* zmq_ctx_new(void) { return &SimulatedMachine::here(); }
int zmq_ctx_set(void*, int, int) { return 0; }
int zmq_ctx_term(void*) { return 0; }
int zmq_errno(void) { return errno; }
const char* zmq_strerror(int error) { return std::strerror(error); }

void* zmq_socket(void*, int type) { return SimulatedMachine::here().network.open(type); }
// Nothing is watched here; libzmq's own would look into a handle that is none of its.
int zmq_socket_monitor(void*, const char*, int) { return 0; }
int zmq_close(void* socket) {
  SimulatedMachine::here().network.close(&socket_of(socket));
  return 0;
}

int zmq_setsockopt(void* handle, int option, const void* value, size_t size) {
  auto& socket = socket_of(handle);
  if (option == ZMQ_MAXMSGSIZE) std::memcpy(&socket.message_bytes_max, value, sizeof socket.message_bytes_max);
  if (option == ZMQ_SNDHWM) {
    int most = 0;
    std::memcpy(&most, value, sizeof most);
    socket.send_high_water = static_cast<std::size_t>(most);
  }
  if (socket.type != ZMQ_XPUB || socket.noted == nullptr) return 0;
  const std::string topic{static_cast<const char*>(value), size};
  if (option == ZMQ_SUBSCRIBE) socket.noted->topics.insert(topic);
  if (option == ZMQ_UNSUBSCRIBE) socket.noted->topics.erase(topic);
  return 0;
}

int zmq_getsockopt(void* socket, int option, void* value, size_t* size) {
  SimulatedMachine::here().enter();
  if (option != ZMQ_EVENTS || *size != sizeof(int)) return fail(EINVAL);
  const int events = SimulatedMachine::here().network.readable(socket_of(socket)) ? ZMQ_POLLIN : 0;
  std::memcpy(value, &events, sizeof events);
  return 0;
}

int zmq_bind(void* socket, const char* endpoint) {
  SimulatedMachine::here().enter();
  socket_of(socket).bound.emplace_back(endpoint);
  return 0;
}
int zmq_connect(void* socket, const char* endpoint) {
  SimulatedMachine::here().enter();
  socket_of(socket).dials.emplace_back(endpoint);
  return 0;
}
int zmq_disconnect(void* socket, const char* endpoint) {
  auto& network = SimulatedMachine::here().network;
  std::erase(socket_of(socket).dials, endpoint);
  if (const auto link = network.listener_of(endpoint); link != nullptr) network.hang_up(*link);
  return 0;
}

int zmq_msg_init(zmq_msg_t* message) {
  part_of(message) = nullptr;
  return 0;
}
int zmq_msg_close(zmq_msg_t* message) {
  delete part_of(message);
  part_of(message) = nullptr;
  return 0;
}
void* zmq_msg_data(zmq_msg_t* message) {
  auto* const part = part_of(message);
  return part == nullptr ? nullptr : part->bytes.data() + 1;
}
size_t zmq_msg_size(const zmq_msg_t* message) {
  const auto* const part = part_of(message);
  return part == nullptr ? 0 : part->bytes.size() - 1;
}
int zmq_msg_more(const zmq_msg_t* message) {
  const auto* const part = part_of(message);
  return part != nullptr && part->more ? 1 : 0;
}
int zmq_msg_get(const zmq_msg_t* message, int property) {
  const auto* const part = part_of(message);
  if (property == ZMQ_SRCFD && part != nullptr) return part->fd;
  return fail(EINVAL);
}
const char* zmq_msg_gets(const zmq_msg_t* message, const char* property) {
  const auto* const part = part_of(message);
  return part == nullptr || part->fd < 0 || std::strcmp(property, "User-Id") != 0 ? nullptr : part->user_id.c_str();
}

int zmq_msg_recv(zmq_msg_t* message, void* handle, int) {
  SimulatedMachine::here().enter();
  auto& socket = socket_of(handle);
  if (socket.reading.empty()) {
    Message next;
    if (!begin_message(socket, next, socket.from)) return fail(EAGAIN);
    socket.reading.assign(std::make_move_iterator(next.rbegin()), std::make_move_iterator(next.rend()));
  }
  auto* part = new Part;
  part->bytes = std::move(socket.reading.back());
  part->bytes.insert(part->bytes.begin(), std::byte{0});
  socket.reading.pop_back();
  part->more = !socket.reading.empty();
  if (socket.from != nullptr) {
    part->fd = socket.from->fd;
    part->user_id = socket.from->user_id;
  }
  (void)zmq_msg_close(message);
  part_of(message) = part;
  return static_cast<int>(part->bytes.size() - 1);
}

int zmq_send(void* handle, const void* bytes, size_t size, int flags) {
  SimulatedMachine::here().enter();
  auto& socket = socket_of(handle);
  auto frame = frame_of({static_cast<const char*>(bytes), size});
  const bool more = (flags & ZMQ_SNDMORE) != 0;
  if (socket.type == ZMQ_ROUTER) return route(socket, std::move(frame), more) < 0 ? -1 : static_cast<int>(size);
  socket.writing.push_back(std::move(frame));
  if (!more) publish(socket, std::exchange(socket.writing, {}));
  return static_cast<int>(size);
}

int zmq_poll(zmq_pollitem_t* items, int count, long timeout) {
  return SimulatedMachine::here().poll(items, count, timeout);
}
}
