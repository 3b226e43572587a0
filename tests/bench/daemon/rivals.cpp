// SPDX-License-Identifier: Apache-2.0
// What a user might take instead, under the same load: as many connections, bytes and reports in flight as the daemon
// gets, against a Redis stream (appendfsync always) and a NATS JetStream file store that scripts/bench-rivals started.
#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "figures.hpp"
#include "load.hpp"

using namespace tocsin::bench;  // NOLINT(google-build-using-namespace): a program

namespace {
constexpr std::size_t kPayloadBytes = 200;
constexpr int kRepetitions = 3;
constexpr std::uint16_t kOwnPort = 25555;
constexpr double kRedisTimes = 2;

/// One TCP connection to a server on loopback; what it says is read as lines.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    good_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const int on = 1;
    (void)::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Client() { (void)::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] int handle() const { return socket_; }

  void send(std::string_view text) {
    while (good_ && !text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) good_ = false;
      if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Reads what there is; waits for it at most so long.
  void read(int timeout_ms) {
    pollfd waited{socket_, POLLIN, 0};
    if (::poll(&waited, 1, timeout_ms) <= 0) return;
    std::array<char, 65536> bytes{};
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got <= 0) {
      good_ = false;
      return;
    }
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  }
  /// The next whole line without its end. @returns false when there is none yet.
  bool line(std::string& out) {
    const auto end = buffer_.find("\r\n", at_);
    if (end == std::string::npos) {
      buffer_.erase(0, at_);
      at_ = 0;
      return false;
    }
    out.assign(buffer_, at_, end - at_);
    at_ = end + 2;
    return true;
  }

 private:
  int socket_;
  bool good_ = false;
  std::string buffer_;
  std::size_t at_ = 0;
};

/// How one rival is spoken to.
struct Rival {
  std::uint16_t port;
  void (*greet)(Client&);
  std::string (*message)(std::size_t connection);
  bool (*is_ack)(const std::string& line);
};

struct Connection {
  explicit Connection(std::uint16_t port) : client{port} {}
  Client client;
  std::deque<std::int64_t> sent_at;
  std::uint64_t acknowledged = 0;
};

LoadResult run(const Rival& rival, const Load& load) {
  LoadResult result;
  std::deque<Connection> connections;
  for (std::size_t i = 0; i < load.connections; ++i) {
    connections.emplace_back(rival.port);
    if (!connections.back().client.good()) return result;
    rival.greet(connections.back().client);
  }
  const std::size_t each = std::max<std::size_t>(1, load.in_flight / load.connections);
  const auto begin = now_ns();
  const auto end = begin + static_cast<std::int64_t>(load.seconds * 1e9);
  std::string line;
  while (now_ns() < end) {
    for (std::size_t i = 0; i < connections.size(); ++i) {
      Connection& connection = connections[i];
      // A window is refilled as a whole: many small writes would measure the system's calls.
      if (connection.sent_at.size() <= each / 2) {
        std::string burst;
        const auto now = now_ns();
        for (; connection.sent_at.size() < each; connection.sent_at.push_back(now)) burst += rival.message(i);
        connection.client.send(burst);
      }
      connection.client.read(load.connections == 1 ? 1000 : 0);
      const auto now = now_ns();
      while (connection.client.line(line)) {
        if (!rival.is_ack(line) || connection.sent_at.empty()) continue;
        result.round_trips.add(now - connection.sent_at.front());
        connection.sent_at.pop_front();
        ++connection.acknowledged;
      }
      if (!connection.client.good()) return result;
    }
  }
  std::uint64_t acknowledged = 0;
  for (const auto& connection : connections) acknowledged += connection.acknowledged;
  result.reports_per_second = static_cast<double>(acknowledged) / (static_cast<double>(now_ns() - begin) / 1e9);
  result.complete = acknowledged > 0;
  return result;
}

const std::string& payload() {
  static const std::string kPayload(kPayloadBytes, 'x');
  return kPayload;
}

Rival redis(std::uint16_t port) {
  return {port, [](Client&) {},
          [](std::size_t connection) {
            const std::string key = "feed" + std::to_string(connection);
            return "*5\r\n$4\r\nXADD\r\n$" + std::to_string(key.size()) + "\r\n" + key + "\r\n$1\r\n*\r\n$1\r\nr\r\n$" +
                   std::to_string(kPayloadBytes) + "\r\n" + payload() + "\r\n";
          },
          // The id of the new entry: `$15` and a line such as 1700000000000-0.
          [](const std::string& line) { return line.find('-') != std::string::npos && line[0] != '-'; }};
}

Rival jetstream(std::uint16_t port) {
  return {port,
          [](Client& client) {
            client.send("CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB _INBOX.bench 1\r\n");
            const std::string stream =
                "{\"name\":\"bench\",\"subjects\":[\"feed.*\"],\"storage\":\"file\",\"retention\":\"limits\"}";
            client.send("PUB $JS.API.STREAM.CREATE.bench _INBOX.made " + std::to_string(stream.size()) + "\r\n" +
                        stream + "\r\nPING\r\n");
            std::string line;
            for (int i = 0; i < 20; ++i) {
              client.read(100);
              while (client.line(line)) {
                if (line == "PONG") i = 20;
              }
            }
          },
          [](std::size_t connection) {
            return "PUB feed." + std::to_string(connection) + " _INBOX.bench " + std::to_string(kPayloadBytes) +
                   "\r\n" + payload() + "\r\n";
          },
          [](const std::string& line) { return line.find("\"seq\"") != std::string::npos; }};
}

/// Medians of several runs.
struct Figures {
  double many = 0;  ///< reports per second with 4096 in flight
  double one = 0;   ///< reports per second one at a time
};

/// @param run  one run under a load. @returns nothing when it did not answer.
template <class Run>
std::optional<Figures> measure(const char* what, double seconds, const Run& run_once) {
  std::vector<double> many;
  std::vector<double> many_p50;
  std::vector<double> one;
  std::vector<double> one_p50;
  std::vector<double> one_p99;
  for (int i = 0; i < kRepetitions; ++i) {
    const LoadResult busy = run_once(Load{3, 1, 4096, seconds});
    const LoadResult lone = run_once(Load{1, 1, 1, seconds});
    if (!busy.complete || !lone.complete || busy.refused + lone.refused > 0) {
      std::printf("%-44s did not answer\n", what);
      return std::nullopt;
    }
    many.push_back(busy.reports_per_second);
    many_p50.push_back(busy.round_trips.milliseconds(0.5));
    one.push_back(lone.reports_per_second);
    one_p50.push_back(lone.round_trips.milliseconds(0.5));
    one_p99.push_back(lone.round_trips.milliseconds(0.99));
  }
  std::printf("%-44s %9.0f/s, p50 %6.2f ms   one at a time %6.0f/s, p50 %.3f ms, p99 %.3f ms\n", what, median(many),
              median(many_p50), median(one), median(one_p50), median(one_p99));
  (void)std::fflush(stdout);
  return Figures{median(many), median(one)};
}

/// This daemon, started anew for each run.
LoadResult run_ours(Load load, std::size_t reports_per_frame, bool tcp) {
  if (load.in_flight > 1) load.reports_per_frame = reports_per_frame;
  const auto endpoint = "tcp://127.0.0.1:" + std::to_string(kOwnPort);
  Running run{TOCSIN_SERVER_IMAGE, kManyWaiting, tcp ? endpoint : std::string{}};
  Reports reports;
  if (!run.ready) return {};
  return run_load(run.context, tcp ? endpoint : run.site.ingest(), reports, load);
}

std::uint16_t port_of(const char* text) { return static_cast<std::uint16_t>(std::atoi(text)); }
}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    (void)std::fputs("usage: tocsin_bench_rivals REDIS_PORT NATS_PORT SECONDS\n", stderr);
    return 2;
  }
  const double seconds = std::atof(argv[3]);
  const Rival streams = redis(port_of(argv[1]));
  const Rival jets = jetstream(port_of(argv[2]));
  Table::tell("tocsind with receive_high_water = 512");
  // The others get half a window in one write; a frame of several reports is this protocol's way of doing so.
  constexpr std::size_t kFrame = 64;
  const auto ours = measure("tocsind over TCP, synced, 64 reports a frame", seconds,
                            [](const Load& load) { return run_ours(load, kFrame, true); });
  const auto lone = measure("tocsind over TCP, synced, 1 report a frame", seconds,
                            [](const Load& load) { return run_ours(load, 1, true); });
  (void)measure("tocsind over ipc, synced, 64 reports a frame", seconds,
                [](const Load& load) { return run_ours(load, kFrame, false); });
  const auto theirs = measure("Redis stream over TCP, appendfsync always, synced", seconds,
                              [&](const Load& load) { return run(streams, load); });
  const auto unsynced =
      measure("NATS JetStream over TCP, file, no sync", seconds, [&](const Load& load) { return run(jets, load); });
  if (!ours || !lone || !theirs || !unsynced) return 1;
  Table table;
  table.add({"tocsind to Redis, 4096 in flight", ours->many / theirs->many, "ratio", kRedisTimes, true});
  table.add({"tocsind to JetStream, 4096 in flight", ours->many / unsynced->many, "ratio", 1, true});
  table.add({"tocsind with 1 report a frame to Redis, 4096 in flight", lone->many / theirs->many, "ratio"});
  table.add({"tocsind with 1 report a frame to JetStream, 4096 in flight", lone->many / unsynced->many, "ratio"});
  table.add({"tocsind to Redis, one at a time", ours->one / theirs->one, "ratio"});
  table.add({"tocsind to JetStream, one at a time", ours->one / unsynced->one, "ratio"});
  return 0;
}
