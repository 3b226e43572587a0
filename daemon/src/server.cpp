// SPDX-License-Identifier: Apache-2.0
#include "server.hpp"

#include <algorithm>
#include <csignal>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tocsin/daemon/log.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::int64_t kTickMs = 100;  // every socket is looked at so often, or libzmq keeps peers that left
constexpr std::int64_t kOthersMs =
    2;  // under load a turn is a commit, and these are some calls of the system each turn
constexpr std::int64_t kDrainMs = 1000;
constexpr std::int64_t kRatesMs = 5000;
constexpr int kStopLingerMs = 200;

}  // namespace

int Server::run(int signal_fd) {
  poll_items_.push_back({nullptr, signal_fd, ZMQ_POLLIN, 0});
  head_at_ms_ = steady_ms();
  tell_whose_book_();
  core_.watch_shelves();  // before anybody can ask
  while (!stopping_) {
    const bool slept = wait_();
    serve_journal_();
    if (!recovers_) break;
    serve_input_();  // at once: nothing that a report may raise waits for a question
    settle_();
    if (slept || steady_ms() >= others_at_ms_) {
      others_at_ms_ = steady_ms() + kOthersMs;
      read_signals_(signal_fd);
      serve_control_();
      read_subscriptions_();
      keep_alive_();
      settle_();  // what an operator did
    }
    change_book_if_ready_();
  }
  stop_cleanly_();
  return exit_status_;
}

bool Server::wait_() {
  // While both slabs are full the senders wait: nothing is read, so nothing pours over.
  const bool room = core_.has_room() && !reload_.ready;
  // Everybody is asked in any case, so that without a wait the poll would tell nothing.
  if (!drained_ && room) return false;
  const std::size_t inputs = ingest_.size() + broadcast_.size();
  for (std::size_t i = 0; i < inputs; ++i) poll_items_[i].events = room ? ZMQ_POLLIN : 0;
  std::int64_t timeout = core_.until_due(kTickMs);
  if (batch_since_ms_ > 0 && !core_.in_flight()) {
    timeout = std::min(timeout, std::max<std::int64_t>(batch_since_ms_ + linger_ms_() - steady_ms(), 0));
  }
  if (!journal_.begin_wait()) timeout = 0;
  const int ready = zmq_poll(poll_items_.data(), static_cast<int>(poll_items_.size()), static_cast<int>(timeout));
  journal_.end_wait(ready > 0 && poll_items_[done_item_].revents != 0);
  return true;
}

void Server::read_signals_(int signal_fd) {
  signalfd_siginfo info{};
  while (::read(signal_fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGHUP) {
      LogLine(Severity::info, "signal").field("signal", "SIGHUP");
      reload_by_signal_();
      continue;
    }
    LogLine(Severity::info, "signal").field("signal", info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
    stopping_ = true;
  }
}

void Server::keep_alive_() {
  const auto now = steady_ms();
  if (now >= head_at_ms_) publish_head_();
  if (notifier_.watchdog_interval_ms() > 0 && now >= watchdog_at_ms_) {
    notifier_.send("WATCHDOG=1");
    watchdog_at_ms_ = now + notifier_.watchdog_interval_ms();
  }
  forget_subscribers_();
  revive_broadcasts_();
  keep_house_();
  core_.watch_clock();
  core_.watch_shelves();
  if (now >= rates_at_ms_) {
    if (rates_at_ms_ > 0) core_.take_rates(kRatesMs + now - rates_at_ms_);
    rates_at_ms_ = now + kRatesMs;
  }
}

// Takes what the sockets hold already, and waits for the commits of it.
void Server::drain_() {
  const auto end = steady_ms() + kDrainMs;
  bool reading = true;
  drained_ = false;
  while (exit_status_ == 0 && recovers_) {
    (void)wait_();
    serve_journal_();
    if (!recovers_) return;
    if (reading) serve_input_();
    reading = reading && !drained_ && steady_ms() < end;
    settle_();
    const bool waits = core_.in_flight() || (core_.has_uncommitted() && !core_.in_trouble());
    if (!reading && !waits && journal_.idle()) return;
    if (!reading) drained_ = true;
  }
}

void Server::stop_cleanly_() {
  notifier_.send("STOPPING=1");
  stopping_ = true;
  reload_.ready = false;
  keep_broadcast_marks_();  // also of messages that held nothing new
  drain_();
  if (backup_.active && journal_.idle()) core_.journal().backup_abort();
  if (exit_status_ == 0 && core_.in_trouble()) exit_status_ = 1;
  if (exit_status_ == 0) {
    if (const auto error = core_.store_checkpoint(); !error.empty()) {
      LogLine(Severity::error, "checkpoint").field("error", error);
    } else if (const auto outcome = core_.journal().sign_head()) {
      LogLine(Severity::error, "sign_head").field("error", outcome->text);
    }
  }
  for (auto& ingest : ingest_) ingest.socket.set_linger(kStopLingerMs);
  alerts_.set_linger(kStopLingerMs);
  control_.set_linger(kStopLingerMs);
  LogLine(Severity::info, "stop")
      .field("exit", exit_status_)
      .field("batch", core_.last_batch())
      .field("newest_alert", core_.newest_alert());
}
}  // namespace tocsin::daemon
