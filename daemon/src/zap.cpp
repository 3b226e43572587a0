// SPDX-License-Identifier: Apache-2.0
#include "zap.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>
#include <zmq.h>

#include "tocsin/daemon/log.hpp"
#include "tocsin/engine/base/check.hpp"

#include "received.hpp"

namespace tocsin::daemon {
namespace {
constexpr const char* kHandlerEndpoint = "inproc://zeromq.zap.01";
constexpr std::string_view kTestDomain = "~self-test";
constexpr std::string_view kNobodysDomain = "~nobody";
constexpr std::size_t kFramesMax = 16;
constexpr int kTestMs = 3000;
constexpr int kTickMs = 1000;
constexpr int kUnprovenTickMs = 20;
constexpr int kHeapTickMs = 50;
constexpr int kHighHeapTickMs = 10;
// A fast peer brings 50 MB in a tick of the clock. Of parts of one byte, 3 bytes on the wire, 1 MiB makes 21 MiB of
// heap.
constexpr std::uint64_t kHeapLookBytes = 1024 * 1024;
constexpr std::uint64_t kUnprovenBytesMax = 16 * 1024;  // a handshake takes about 1 KiB
constexpr std::int64_t kTellMs = 10'000;
constexpr int kVerdictEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
constexpr int kMonitorEvents = kVerdictEvents | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CONNECTED;

std::int64_t now_ms() {
  timespec now{};
  (void)clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/// What a tcp connection brought since it was made; nothing for others.
std::optional<std::uint64_t> bytes_received(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return std::nullopt;
  return info.tcpi_bytes_received;
}

struct MonitorEvent {
  std::uint16_t kind = 0;
  std::uint32_t value = 0;
  std::string endpoint;
};

bool read_event(void* monitor, MonitorEvent& event) {
  ZmqFrame head;
  if (zmq_msg_recv(head.handle(), monitor, ZMQ_DONTWAIT) < 0) return false;
  const auto bytes = head.bytes();
  if (bytes.size() >= sizeof event.kind + sizeof event.value) {
    std::memcpy(&event.kind, bytes.data(), sizeof event.kind);
    std::memcpy(&event.value, bytes.data() + sizeof event.kind, sizeof event.value);
  }
  event.endpoint.clear();
  for (bool more = head.more(); more;) {
    ZmqFrame frame;
    if (zmq_msg_recv(frame.handle(), monitor, ZMQ_DONTWAIT) < 0) break;
    event.endpoint = frame.text();
    more = frame.more();
  }
  return true;
}

/// A raw socket for the self-test, closed at the end.
class TestSocket {
 public:
  TestSocket(ZmqContext& context, int type) : handle_{zmq_socket(context.handle(), type)} {
    const int never = -1;
    const int none = 0;
    if (handle_ == nullptr) return;
    (void)zmq_setsockopt(handle_, ZMQ_LINGER, &none, sizeof none);
    (void)zmq_setsockopt(handle_, ZMQ_RECONNECT_IVL, &never, sizeof never);
  }
  ~TestSocket() {
    if (handle_ != nullptr) (void)zmq_close(handle_);
  }
  TestSocket(const TestSocket&) = delete;
  TestSocket& operator=(const TestSocket&) = delete;
  [[nodiscard]] void* get() const { return handle_; }

 private:
  void* handle_;
};

/// The metadata of an answer (ZeroMQ RFC 23): one property, which libzmq puts on every message of the connection.
std::string connection_property(std::uint64_t number) {
  const auto value = std::to_string(number);  // its length fits the last of four bytes
  std::string bytes;
  bytes.push_back(static_cast<char>(kConnectionProperty.size()));
  bytes.append(kConnectionProperty).append(3, '\0');
  bytes.push_back(static_cast<char>(value.size()));
  return bytes.append(value);
}

/// Of a User-Id with a fingerprint.
std::string_view principal_in(std::string_view user_id) { return user_id.substr(0, user_id.rfind('#')); }

void tell_key(std::string_view event, std::string_view user_id) {
  const auto principal = principal_in(user_id);
  LogLine(Severity::info, event)
      .field("principal", principal)
      .field("fingerprint", user_id.substr(std::min(principal.size() + 1, user_id.size())));
}

struct KeyPair {
  Key public_key{};
  Secret secret = Secret::make(std::tuple_size_v<Key>);
  KeyPair() { (void)crypto_box_keypair(public_key.data(), secret.bytes().data()); }
};

/// Any user of the machine may take an abstract name, so it must not be known before.
std::string secret_endpoint() {
  std::array<unsigned char, 16> number{};
  std::array<char, 2 * number.size() + 1> letters{};
  randombytes_buf(number.data(), number.size());
  return std::string{"ipc://@tocsin-self-test-"} +
         sodium_bin2hex(letters.data(), letters.size(), number.data(), number.size());
}

struct Tried {
  bool refused = false;
  std::string error;  ///< why it could not be tried, or empty
};

/// Connects to a fresh socket with that domain and waits for the verdict.
Tried try_stranger(ZmqContext& context, std::string_view domain, bool curve) {
  const std::string endpoint = secret_endpoint();
  const std::string monitor_endpoint = curve ? "inproc://zap-test-1" : "inproc://zap-test-0";
  const TestSocket server{context, ZMQ_ROUTER};
  const TestSocket client{context, ZMQ_DEALER};
  const TestSocket monitor{context, ZMQ_PAIR};
  const KeyPair ours;
  const KeyPair stranger;  // nobody knows this key
  (void)zmq_setsockopt(server.get(), ZMQ_ZAP_DOMAIN, domain.data(), domain.size());
  if (curve) {
    const int on = 1;
    (void)zmq_setsockopt(server.get(), ZMQ_CURVE_SECRETKEY, ours.secret.bytes().data(), ours.secret.bytes().size());
    (void)zmq_setsockopt(server.get(), ZMQ_CURVE_SERVER, &on, sizeof on);
    (void)zmq_setsockopt(client.get(), ZMQ_CURVE_SERVERKEY, ours.public_key.data(), ours.public_key.size());
    (void)zmq_setsockopt(client.get(), ZMQ_CURVE_PUBLICKEY, stranger.public_key.data(), stranger.public_key.size());
    (void)zmq_setsockopt(client.get(), ZMQ_CURVE_SECRETKEY, stranger.secret.bytes().data(),
                         stranger.secret.bytes().size());
  }
  if (zmq_socket_monitor(client.get(), monitor_endpoint.c_str(), kVerdictEvents) != 0 ||
      zmq_connect(monitor.get(), monitor_endpoint.c_str()) != 0 || zmq_bind(server.get(), endpoint.c_str()) != 0 ||
      zmq_connect(client.get(), endpoint.c_str()) != 0) {
    return {false, endpoint + ": " + zmq_strerror(zmq_errno())};
  }
  Tried tried;
  for (const auto end = now_ms() + kTestMs; now_ms() < end;) {
    zmq_pollitem_t item{monitor.get(), 0, ZMQ_POLLIN, 0};
    (void)zmq_poll(&item, 1, static_cast<int>(end - now_ms()));
    MonitorEvent event;
    if (!read_event(monitor.get(), event)) continue;
    tried.refused = event.kind == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    break;
  }
  (void)zmq_socket_monitor(client.get(), nullptr, 0);
  return tried;
}
}  // namespace

std::string ZapThread::start(const Config& config, std::shared_ptr<const Keyring> keyring) {
  TOCSIN_CHECK(handler_ == nullptr);
  auto domains = zap_domains(config);
  domains.push_back({std::string{kTestDomain}, true, {}, 1, 1});
  policy_.emplace(std::move(domains), std::move(keyring));
  handler_ = zmq_socket(context_.handle(), ZMQ_REP);
  wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (handler_ == nullptr || wake_fd_ < 0 || received_bell() < 0)
    return "no socket for the handshakes; raise the limit of open files";
  const int none = 0;
  (void)zmq_setsockopt(handler_, ZMQ_LINGER, &none, sizeof none);
  if (zmq_bind(handler_, kHandlerEndpoint) != 0) {
    return std::string{"handshakes cannot be decided: "} + zmq_strerror(zmq_errno());
  }
  thread_ = std::thread{[this] { run_(); }};
  return self_test_();
}

std::string ZapThread::self_test_() {
  const auto key = try_stranger(context_, kTestDomain, true);
  const auto domain = try_stranger(context_, kNobodysDomain, false);
  for (const auto& tried : {key, domain}) {
    if (tried.error.empty()) continue;
    return "whether strangers are refused cannot be tried, so no socket is opened: " + tried.error +
           "; is the system's libzmq built with ipc and CURVE, and may the daemon open sockets of its own?";
  }
  if (!key.refused || !domain.refused || refused(ZapReason::unknown_key) == 0 ||
      refused(ZapReason::unknown_domain) == 0) {
    return "a connection with a wrong key was not refused, so no socket is opened; "
           "is the system's libzmq built with CURVE?";
  }
  for (auto& count : refused_) count = 0;
  return {};
}

ZapThread::~ZapThread() {
  stop_ = true;
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    (void)!::write(wake_fd_, &one, sizeof one);
    thread_.join();
  }
  for (void* const monitor : monitors_) (void)zmq_close(monitor);
  if (handler_ != nullptr) (void)zmq_close(handler_);
  if (wake_fd_ >= 0) (void)::close(wake_fd_);
}

std::string ZapThread::watch(ZmqSocket& socket) {
  const auto endpoint = "inproc://peers-" + std::to_string(monitors_made_++);
  if (zmq_socket_monitor(socket.handle(), endpoint.c_str(), kMonitorEvents) != 0) {
    return std::string{"connections cannot be watched: "} + zmq_strerror(zmq_errno());
  }
  {
    const std::lock_guard lock{mutex_};
    new_monitors_.push_back(endpoint);
  }
  const std::uint64_t one = 1;
  (void)!::write(wake_fd_, &one, sizeof one);
  return {};
}

void ZapThread::adopt_monitors_() {
  std::vector<std::string> endpoints;
  {
    const std::lock_guard lock{mutex_};
    endpoints.swap(new_monitors_);
  }
  for (const auto& endpoint : endpoints) {
    void* const monitor = zmq_socket(context_.handle(), ZMQ_PAIR);
    TOCSIN_CHECK(monitor != nullptr);
    const int none = 0;
    (void)zmq_setsockopt(monitor, ZMQ_LINGER, &none, sizeof none);
    (void)zmq_setsockopt(monitor, ZMQ_RCVHWM, &none, sizeof none);  // libzmq would block on a full one
    TOCSIN_CHECK(zmq_connect(monitor, endpoint.c_str()) == 0);
    monitors_.push_back(monitor);
  }
}

void ZapThread::run_() {
  (void)pthread_setname_np(pthread_self(), "zap");
  std::vector<zmq_pollitem_t> items;
  while (!stop_) {
    adopt_monitors_();
    items.clear();
    items.push_back({handler_, 0, ZMQ_POLLIN, 0});
    items.push_back({nullptr, wake_fd_, ZMQ_POLLIN, 0});
    items.push_back({nullptr, received_bell(), ZMQ_POLLIN, 0});
    for (void* const monitor : monitors_) items.push_back({monitor, 0, ZMQ_POLLIN, 0});
    if (zmq_poll(items.data(), static_cast<int>(items.size()), tick_ms_()) < 0 && zmq_errno() != EINTR) {
      // Without this thread libzmq lets every key in.
      TOCSIN_CHECK(stop_);
      return;
    }
    std::uint64_t woken = 0;
    (void)!::read(wake_fd_, &woken, sizeof woken);
    for (void* const monitor : monitors_) read_monitor_(monitor);
    if ((items.front().revents & ZMQ_POLLIN) != 0) answer_();
    cut_();
    watch_heap_((items[2].revents & ZMQ_POLLIN) != 0);
  }
}

int ZapThread::tick_ms_() const {
  if (hoard_.high()) return kHighHeapTickMs;
  return unproven_ ? kUnprovenTickMs : kHeapTickMs;
}

void ZapThread::watch_heap_(bool much_came) {
  const auto now = now_ms();
  if (now < look_at_ms_ && !much_came) return;
  ring_when_received(kHeapLookBytes);
  look_at_ms_ = now + (hoard_.high() ? kHighHeapTickMs : kHeapTickMs);
  const auto heap = ::mallinfo2();
  const std::lock_guard lock{mutex_};
  looks_.clear();
  for (const int fd : policy_->connections()) {
    const auto messages =
        static_cast<std::size_t>(fd) < heard_.size() ? heard_[static_cast<std::size_t>(fd)].load() : 0;
    looks_.push_back({fd, messages, received_bytes(fd)});
  }
  const bool was_high = hoard_.high();
  const auto gone = hoard_.look(heap.uordblks + heap.hblkhd, looks_);
  if (was_high && !hoard_.high()) (void)::malloc_trim(0);
  for (const int fd : gone) {
    (void)::shutdown(fd, SHUT_RDWR);
    ++refused_[static_cast<std::size_t>(ZapReason::endless_message)];
    LogLine(Severity::warning, "peer_cut").field("who", policy_->user_of(fd)).field("reason", "endless_message");
  }
}

// libzmq cannot close one peer, but its I/O thread sees the end of the stream. Were the descriptor another's by now,
// that one would only connect again.
void ZapThread::cut_() {
  const auto now = now_ms();
  const auto over = over_();
  // Who proves itself is told by the monitor before its first message can come, so this knows of everyone in `over`.
  if (!over.empty()) {
    for (void* const monitor : monitors_) read_monitor_(monitor);
  }
  const std::lock_guard lock{mutex_};
  for (const int fd : policy_->take_surplus()) (void)::shutdown(fd, SHUT_RDWR);
  for (const int fd : policy_->cheats(over, now)) (void)::shutdown(fd, SHUT_RDWR);
  if (now - withdrawn_at_ms_ < kTickMs) return;
  withdrawn_at_ms_ = now;
  // Again and again: a key may be withdrawn while its handshake is under way.
  cut_withdrawn_();
}

void ZapThread::cut_withdrawn_() {
  for (const auto& one : policy_->withdrawn()) {
    (void)::shutdown(one.fd, SHUT_RDWR);
    if (one.told) continue;
    LogLine(Severity::warning, "peer_cut")
        .field("who", one.user_id)
        .field("principal", principal_in(one.user_id))
        .field("reason", "key_withdrawn");
  }
}

// libzmq reads a message of any size it may have, whatever the handshake has come to, and all of them together are
// more memory than there is.
std::vector<int> ZapThread::over_() {
  const std::lock_guard lock{mutex_};
  auto unproven = policy_->unproven(now_ms());
  unproven_ = !unproven.empty();
  std::erase_if(unproven, [](int fd) { return bytes_received(fd).value_or(0) <= kUnprovenBytesMax; });
  return unproven;
}

void ZapThread::read_monitor_(void* monitor) {
  MonitorEvent event;
  while (read_event(monitor, event)) {
    const auto fd = static_cast<int>(event.value);
    const std::lock_guard lock{mutex_};
    switch (event.kind) {
      case ZMQ_EVENT_ACCEPTED:
      case ZMQ_EVENT_CONNECTED:
        policy_->accepted(event.endpoint, fd, now_ms());
        break;
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        policy_->succeeded(event.endpoint);
        break;
      case ZMQ_EVENT_DISCONNECTED:
        policy_->disconnected(event.endpoint, fd, now_ms());
        break;
      default:
        policy_->failed(event.endpoint);
        break;
    }
  }
}

void ZapThread::answer_() {
  std::array<ZmqFrame, kFramesMax> frames;
  std::array<std::string_view, kFramesMax> texts;
  std::size_t count = 0;
  bool more = true;
  while (more) {
    ZmqFrame surplus;
    auto& frame = count < kFramesMax ? frames[count] : surplus;
    if (zmq_msg_recv(frame.handle(), handler_, ZMQ_DONTWAIT) < 0) return;
    more = frame.more();
    if (count < kFramesMax) texts[count] = frame.text();
    ++count;
  }
  // What was accepted before this request must be known before it is decided.
  for (void* const monitor : monitors_) read_monitor_(monitor);
  const auto request =
      count <= kFramesMax ? parse_zap_request(std::span{texts}.first(count)) : std::optional<ZapRequest>{};
  ZapPolicy::Answer answer;
  if (request) {
    const std::lock_guard lock{mutex_};
    answer = policy_->decide(*request, now_ms());
  }
  // Counted first: who is refused may look at the count at once.
  if (answer.reason != ZapReason::none) ++refused_[static_cast<std::size_t>(answer.reason)];
  reply_(request ? request->request_id : (count > 1 ? texts[1] : std::string_view{}), answer);
  if (answer.reason == ZapReason::none) return;
  tell_refusal_(request.value_or(ZapRequest{}), answer.reason);
}

void ZapThread::reply_(std::string_view request_id, const ZapPolicy::Answer& answer) {
  const auto status = [&]() -> std::string_view {
    switch (answer.reason) {
      case ZapReason::none:
        return "200";
      case ZapReason::too_many_of_key:
      case ZapReason::too_many_peers:
        return "300";  // the other side may try again
      case ZapReason::malformed:
        return "500";
      case ZapReason::endless_message:
      case ZapReason::unknown_key:
      case ZapReason::unknown_domain:
      case ZapReason::wrong_mechanism:
        break;
    }
    return "400";
  }();
  const bool comes_in = answer.reason == ZapReason::none;
  const auto property = comes_in ? connection_property(++connections_) : std::string{};
  const std::array<std::string_view, 6> frames{
      "1.0", request_id, status, comes_in ? "OK" : name_of(answer.reason), answer.user_id, property};
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const int flags = ZMQ_DONTWAIT | (i + 1 < frames.size() ? ZMQ_SNDMORE : 0);
    (void)zmq_send(handler_, frames[i].data(), frames[i].size(), flags);
  }
}

void ZapThread::tell_refusal_(const ZapRequest& request, ZapReason reason) {
  if (request.domain == kTestDomain || request.domain == kNobodysDomain) return;
  const auto now = now_ms();
  if (told_at_ms_ != 0 && now - told_at_ms_ < kTellMs) {  // a storm must not fill the log
    ++untold_;
    return;
  }
  LogLine(Severity::warning, "handshake_refused")
      .field("reason", name_of(reason))
      .field("endpoint", printable(request.domain, 108))
      .field("address", printable(request.address, 64))
      .field("key", request.key ? fingerprint(*request.key) : "-")
      .field("others_since", untold_);
  told_at_ms_ = now;
  untold_ = 0;
}

void ZapThread::replace(std::shared_ptr<const Keyring> keyring) {
  const std::lock_guard lock{mutex_};
  if (!policy_) return;
  const auto change = policy_->replace(std::move(keyring));
  for (const auto& user_id : change.added) tell_key("key_added", user_id);
  for (const auto& user_id : change.withdrawn) tell_key("key_withdrawn", user_id);
  cut_withdrawn_();
}

void ZapThread::cut(int fd) {
  const std::lock_guard lock{mutex_};
  if (policy_ && policy_->connected(fd)) (void)::shutdown(fd, SHUT_RDWR);
}

void ZapThread::observed(ZmqFrame& frame) {
  const int fd = frame.source_fd();
  if (fd < 0) return;
  const std::lock_guard lock{mutex_};
  if (policy_) policy_->observed(fd, frame.user_id());
}

std::uint64_t ZapThread::refused(ZapReason reason) const { return refused_.at(static_cast<std::size_t>(reason)); }

std::uint64_t ZapThread::refused_in_all() const {
  std::uint64_t sum = 0;
  for (const auto& count : refused_) sum += count;
  return sum;
}

void ZapThread::append_connected(std::string_view endpoint, std::vector<int>& out) const {
  const std::lock_guard lock{mutex_};
  if (policy_) policy_->append_connected(endpoint, out);
}

PeerCounts ZapThread::counts(std::string_view endpoint) const {
  const std::lock_guard lock{mutex_};
  return policy_ ? policy_->counts(endpoint) : PeerCounts{};
}
}  // namespace tocsin::daemon
