// SPDX-License-Identifier: Apache-2.0
#include "load.hpp"

#include <algorithm>
#include <ctime>
#include <deque>
#include <memory>
#include <thread>

#include <sqlite3.h>
#include <zmq.h>

#include "tocsin/wire/control_codec.hpp"

namespace tocsin::bench {
namespace {
using daemon::test::Peer;
using daemon::test::PeerContext;
using daemon::test::PeerKind;

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr int kDrainMs = 20'000;

/// One connection and what is on its way on it.
struct Sender {
  std::unique_ptr<Peer> peer;
  std::uint64_t next = 1;
  std::deque<std::int64_t> sent_at;  ///< of the frames not acknowledged
  std::uint64_t acknowledged = 0;
  std::span<const std::byte> waiting;  ///< a frame that the socket did not take yet
};

/// Until an acknowledgement is there, or a moment: who looks without end takes the daemon's share of the processor.
void wait_for_any(const std::vector<Sender>& senders) {
  std::vector<zmq_pollitem_t> items;
  for (const auto& sender : senders) items.push_back({sender.peer->handle(), 0, ZMQ_POLLIN, 0});
  (void)zmq_poll(items.data(), static_cast<int>(items.size()), 1);
}

/// @returns whether the socket took it: it takes so many and no more.
bool send_frame(Sender& sender, std::size_t connection, const Load& load, Reports& reports) {
  if (sender.waiting.empty()) sender.waiting = reports.frame(connection, sender.next, load.reports_per_frame);
  if (!sender.peer->send(sender.waiting)) return false;
  sender.waiting = {};
  sender.sent_at.push_back(now_ns());
  ++sender.next;
  return true;
}

void take_acks(Sender& sender, int timeout_ms, LoadResult& result) {
  while (const auto ack = sender.peer->receive_ack(timeout_ms)) {
    const auto now = now_ns();
    result.refused += ack->refused.size();
    for (; sender.acknowledged < ack->frame; ++sender.acknowledged) {
      result.round_trips.add(now - sender.sent_at.front());
      sender.sent_at.pop_front();
    }
    timeout_ms = 0;
  }
}
}  // namespace

std::int64_t now_ns() {
  timespec now{};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * kSecondNs + now.tv_nsec;
}

void sleep_until_ns(std::int64_t due) {
  const timespec at{static_cast<std::time_t>(due / kSecondNs), static_cast<long>(due % kSecondNs)};
  (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
}

double Times::milliseconds(double share) const {
  if (values_.empty()) return 0;
  std::vector<std::int64_t> sorted = values_;
  const auto at = std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())));
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(at), sorted.end());
  return static_cast<double>(sorted[at]) / 1e6;
}

Times times_of(std::span<const Lapse> lapses) {
  Times times;
  for (const auto& lapse : lapses) times.add(lapse.to - lapse.from);
  return times;
}

double median(std::vector<double> figures) {
  std::sort(figures.begin(), figures.end());
  return figures.empty() ? 0 : figures[figures.size() / 2];
}

LoadResult run_load(PeerContext& context, const std::string& endpoint, Reports& reports, const Load& load,
                    std::span<const daemon::test::PeerKeys> keys) {
  LoadResult result;
  std::vector<Sender> senders(load.connections);
  for (std::size_t i = 0; i < senders.size(); ++i) {
    senders[i].peer =
        std::make_unique<Peer>(context, PeerKind::dealer, endpoint, keys.empty() ? nullptr : &keys[i % keys.size()]);
  }
  const std::size_t frames = std::max<std::size_t>(1, load.in_flight / load.connections / load.reports_per_frame);
  const auto begin = now_ns();
  const auto end = begin + static_cast<std::int64_t>(load.seconds * 1e9);
  // In turns, a frame each: what feeds send at the same moment is of the same time.
  while (now_ns() < end) {
    bool sent = true;
    while (sent) {
      sent = false;
      for (std::size_t i = 0; i < senders.size(); ++i) {
        if (senders[i].sent_at.size() < frames) sent = send_frame(senders[i], i, load, reports) || sent;
      }
    }
    wait_for_any(senders);
    for (auto& sender : senders) take_acks(sender, 0, result);
  }
  std::uint64_t acknowledged = 0;
  for (const auto& sender : senders) acknowledged += sender.acknowledged;
  const double seconds = static_cast<double>(now_ns() - begin) / 1e9;
  result.reports_per_second = static_cast<double>(acknowledged * load.reports_per_frame) / seconds;
  result.complete = true;
  for (auto& sender : senders) {
    while (!sender.sent_at.empty()) {
      const auto before = sender.acknowledged;
      take_acks(sender, kDrainMs, result);
      if (sender.acknowledged == before) {
        result.complete = false;
        break;
      }
    }
    result.acknowledged += sender.acknowledged * load.reports_per_frame;
  }
  return result;
}

BareSqlite run_bare_sqlite(const std::string& file, std::size_t bytes, double seconds, double pace_per_second) {
  BareSqlite result;
  sqlite3* database = nullptr;
  sqlite3_stmt* insert = nullptr;
  const bool open =
      sqlite3_open(file.c_str(), &database) == SQLITE_OK &&
      sqlite3_exec(database,
                   "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                   "PRAGMA locking_mode=EXCLUSIVE; PRAGMA wal_autocheckpoint=4000;"
                   "CREATE TABLE IF NOT EXISTS batch(id INTEGER PRIMARY KEY, inputs BLOB)",
                   nullptr, nullptr, nullptr) == SQLITE_OK &&
      sqlite3_prepare_v2(database, "INSERT INTO batch(inputs) VALUES(?1)", -1, &insert, nullptr) == SQLITE_OK;
  int persist = 1;
  (void)sqlite3_file_control(database, nullptr, SQLITE_FCNTL_PERSIST_WAL, &persist);
  const std::vector<std::byte> row(bytes, std::byte{0x5A});
  const auto begin = now_ns();
  const auto end = begin + static_cast<std::int64_t>(seconds * 1e9);
  for (std::int64_t i = 1; open && now_ns() < end; ++i) {
    auto due = begin;
    if (pace_per_second > 0) {
      due += static_cast<std::int64_t>(static_cast<double>(i) * 1e9 / pace_per_second);
      sleep_until_ns(due);
    }
    const auto start = now_ns();
    (void)sqlite3_bind_blob64(insert, 1, row.data(), row.size(), SQLITE_STATIC);
    const bool stored = sqlite3_step(insert) == SQLITE_DONE;
    (void)sqlite3_reset(insert);
    if (!stored) break;
    result.commits.push_back({start, now_ns()});
    if (pace_per_second > 0) result.waits.push_back({due, result.commits.back().to});
  }
  result.commits_per_second =
      static_cast<double>(result.commits.size()) / (static_cast<double>(now_ns() - begin) / 1e9);
  (void)sqlite3_finalize(insert);
  (void)sqlite3_close(database);
  return result;
}

Times run_round_trips(const std::string& endpoint, std::size_t count, double pace_per_second) {
  Times times;
  void* context = zmq_ctx_new();
  void* router = zmq_socket(context, ZMQ_ROUTER);
  void* dealer = zmq_socket(context, ZMQ_DEALER);
  const int linger = 0;
  (void)zmq_setsockopt(router, ZMQ_LINGER, &linger, sizeof linger);
  (void)zmq_setsockopt(dealer, ZMQ_LINGER, &linger, sizeof linger);
  if (zmq_bind(router, endpoint.c_str()) == 0 && zmq_connect(dealer, endpoint.c_str()) == 0) {
    std::thread echo([&] {
      std::array<char, 64> identity{};
      std::array<char, 256> body{};
      for (std::size_t i = 0; i < count; ++i) {
        const int size = zmq_recv(router, identity.data(), identity.size(), 0);
        const int length = zmq_recv(router, body.data(), body.size(), 0);
        if (size < 0 || length < 0) return;
        (void)zmq_send(router, identity.data(), static_cast<std::size_t>(size), ZMQ_SNDMORE);
        (void)zmq_send(router, body.data(), static_cast<std::size_t>(length), 0);
      }
    });
    std::array<char, 200> body{};
    const auto begin = now_ns();
    for (std::size_t i = 1; i <= count; ++i) {
      if (pace_per_second > 0)
        sleep_until_ns(begin + static_cast<std::int64_t>(static_cast<double>(i) * 1e9 / pace_per_second));
      const auto start = now_ns();
      (void)zmq_send(dealer, body.data(), body.size(), 0);
      (void)zmq_recv(dealer, body.data(), body.size(), 0);
      times.add(now_ns() - start);
    }
    echo.join();
  }
  (void)zmq_close(dealer);
  (void)zmq_close(router);
  (void)zmq_ctx_term(context);
  return times;
}
}  // namespace tocsin::bench
