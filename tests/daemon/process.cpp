// SPDX-License-Identifier: Apache-2.0
#include "process.hpp"

#include <array>
#include <fcntl.h>
#include <fstream>
#include <signal.h>
#include <sstream>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#include <zmq.h>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::daemon::test {
namespace {
void sleep_ms(int ms) {
  const timespec span{ms / 1000, (ms % 1000) * 1'000'000L};
  (void)::nanosleep(&span, nullptr);
}

std::string read_file(const std::string& path) {
  std::ifstream stream{path};
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}
}  // namespace

Tocsind::Tocsind(const std::vector<std::string>& arguments, std::string log) : log_{std::move(log)} {
  log_from_ = read_file(log_).size();
  const int fd = ::open(log_.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
  start_(arguments, fd);
  (void)::close(fd);
}

Tocsind::Tocsind(const std::vector<std::string>& arguments, int stderr_fd) { start_(arguments, stderr_fd); }

void Tocsind::start_(const std::vector<std::string>& arguments, int stderr_fd) {
  std::vector<std::string> words{TOCSIND};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  TOCSIN_CHECK(pid_ >= 0);
  if (pid_ > 0) return;
  (void)::dup2(stderr_fd, STDERR_FILENO);
  (void)::execv(argv[0], argv.data());
  ::_exit(127);
}

Tocsind::~Tocsind() {
  if (pid_ > 0) kill();
}

bool Tocsind::wait_ready() {
  for (int i = 0; i < 2000; ++i) {
    if (log().find(" event=start ") != std::string::npos) return true;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    sleep_ms(5);
  }
  return false;
}

void Tocsind::signal(int number) const { (void)::kill(pid_, number); }

int Tocsind::wait(int timeout_ms) {
  for (int waited = 0; waited <= timeout_ms; waited += 5) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    sleep_ms(5);
  }
  return -1;
}

void Tocsind::kill() {
  (void)::kill(pid_, SIGKILL);
  (void)::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string Tocsind::log() const {
  const auto all = read_file(log_);
  return all.size() < log_from_ ? std::string{} : all.substr(log_from_);
}

std::uint64_t Tocsind::memory_kib(const std::string& key) const {
  std::ifstream stream{"/proc/" + std::to_string(pid_) + "/status"};
  std::string word;
  while (stream >> word) {
    std::uint64_t value = 0;
    if (word == key && stream >> value) return value;
  }
  return 0;
}

std::size_t times_in(const std::string& text, const std::string& wanted) {
  std::size_t times = 0;
  for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) ++times;
  return times;
}

PeerContext::PeerContext() : handle_{zmq_ctx_new()} { TOCSIN_CHECK(handle_ != nullptr); }
PeerContext::~PeerContext() { (void)zmq_ctx_term(handle_); }

Peer::Peer(PeerContext& context, PeerKind kind, const std::string& endpoint, const PeerKeys* keys,
           std::string_view routing_id) {
  static constexpr std::array<int, 4> kTypes{ZMQ_DEALER, ZMQ_REQ, ZMQ_SUB, ZMQ_PUB};
  socket_ = zmq_socket(context.handle(), kTypes.at(static_cast<std::size_t>(kind)));
  TOCSIN_CHECK(socket_ != nullptr);
  const int linger = 0;
  const int never = -1;
  (void)zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
  (void)zmq_setsockopt(socket_, ZMQ_RECONNECT_IVL, &never, sizeof never);
  if (!routing_id.empty()) (void)zmq_setsockopt(socket_, ZMQ_ROUTING_ID, routing_id.data(), routing_id.size());
  if (keys != nullptr) {
    (void)zmq_setsockopt(socket_, ZMQ_CURVE_SERVERKEY, keys->server.c_str(), keys->server.size() + 1);
    (void)zmq_setsockopt(socket_, ZMQ_CURVE_PUBLICKEY, keys->own.c_str(), keys->own.size() + 1);
    (void)zmq_setsockopt(socket_, ZMQ_CURVE_SECRETKEY, keys->secret.c_str(), keys->secret.size() + 1);
  }
  if (kind == PeerKind::subscriber) (void)zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, "", 0);
  const int result =
      kind == PeerKind::publisher ? zmq_bind(socket_, endpoint.c_str()) : zmq_connect(socket_, endpoint.c_str());
  TOCSIN_CHECK(result == 0);
}

Peer::~Peer() { (void)zmq_close(socket_); }

void Peer::subscribe(const std::string& prefix, bool instead) {
  (void)zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, prefix.data(), prefix.size());
  if (instead) (void)zmq_setsockopt(socket_, ZMQ_UNSUBSCRIBE, "", 0);
}

bool Peer::send(std::span<const std::byte> bytes) {
  return zmq_send(socket_, bytes.data(), bytes.size(), ZMQ_DONTWAIT) >= 0;
}

bool Peer::send(std::string_view first, std::span<const std::byte> second) {
  return zmq_send(socket_, first.data(), first.size(), ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 && send(second);
}

bool Peer::send_frame(std::uint64_t number, std::span<const wire::InputView> items) {
  return send(wire::encode_batch(number, items));
}

std::vector<Bytes> Peer::receive(int timeout_ms) {
  std::vector<Bytes> frames;
  zmq_pollitem_t item{socket_, 0, ZMQ_POLLIN, 0};
  if (timeout_ms != 0 && zmq_poll(&item, 1, timeout_ms) <= 0) return frames;
  bool more = true;
  while (more) {
    zmq_msg_t message;
    (void)zmq_msg_init(&message);
    if (zmq_msg_recv(&message, socket_, ZMQ_DONTWAIT) < 0) return frames;
    const auto* data = static_cast<const std::byte*>(zmq_msg_data(&message));
    frames.emplace_back(data, data + zmq_msg_size(&message));
    more = zmq_msg_more(&message) != 0;
    (void)zmq_msg_close(&message);
  }
  return frames;
}

std::optional<wire::Ack> Peer::receive_ack(int timeout_ms) {
  const auto frames = receive(timeout_ms);
  if (frames.empty()) return std::nullopt;
  return wire::decode_ack(frames[0]);
}

std::optional<wire::ControlReply> Peer::ask(const wire::ControlRequest& request, int timeout_ms) {
  if (!send(wire::encode_request(request))) return std::nullopt;
  const auto frames = receive(timeout_ms);
  if (frames.empty()) return std::nullopt;
  return wire::decode_reply(frames.back());
}
}  // namespace tocsin::daemon::test
