// SPDX-License-Identifier: Apache-2.0
#include "verbs/watch.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "tocsin/text/json_lines.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "lib/alert_text.hpp"
#include "lib/exit_status.hpp"
#include "lib/level.hpp"
#include "lib/net.hpp"

namespace tocsin::tools {
namespace {
using Clock = std::chrono::steady_clock;
constexpr Milliseconds kLook{250};
/// How often the control socket is asked for events that a lost message would have hidden.
constexpr Milliseconds kGapCheck{2000};

class Watch {
 public:
  Watch(const WatchOptions& options, engine::Level least) : options_{options}, least_{least} {
    text_.palette.on = wants_colour(stdout);
  }
  int run();

 private:
  [[nodiscard]] bool keep_connected();
  /// Decides which event comes first. @returns false when the daemon does not answer.
  [[nodiscard]] bool begin();
  void take_message(const std::vector<AlignedBuffer>& frames);
  /// Fetches all events above the newest one shown. @returns false when the daemon does not answer.
  [[nodiscard]] bool fetch();
  /// What was shown need not be shown again, whatever happens. @returns false when the daemon does not answer.
  [[nodiscard]] bool move_cursor();
  void take(const wire::AlertRecord& alert);
  void print(const wire::AlertRecord& alert);
  [[nodiscard]] bool finished() const { return options_.count != 0 && shown_ >= options_.count; }

  const WatchOptions& options_;
  engine::Level least_;
  AlertTextOptions text_;
  Context context_;
  std::unique_ptr<Connection> connection_;
  Attempts attempts_;
  bool hopeless_ = false;
  std::unique_ptr<Control> control_;
  std::uint64_t newest_ = 0;  ///< number of the newest event taken
  std::uint64_t moved_ = 0;   ///< where the consumer's cursor is
  std::uint64_t shown_ = 0;
  bool reached_ = false;
  bool caught_up_ = false;
  bool told_down_ = false;
  std::string error_;
};

void Watch::print(const wire::AlertRecord& alert) {
  if (!is_wanted(alert, least_)) return;
  ++shown_;
  const std::string text = options_.json ? text::format_alert(alert) + "\n" : alert_text(alert, text_) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Watch::take(const wire::AlertRecord& alert) {
  if (finished()) return;
  if (alert.number) {
    if (*alert.number <= newest_) return;
    newest_ = *alert.number;
  }
  print(alert);
}

bool Watch::begin() {
  newest_ = options_.since;
  if (options_.from_start || !options_.consumer.empty()) return true;  // since 0 of a consumer: from its cursor
  const auto reply = control_->ask({.kind = wire::ControlKind::status, .id = 0, .feed = {}, .since = 0, .limit = 0});
  if (!reply || !reply->status) {
    error_ = reply ? options_.control + ": " + reply->error : control_->error();
    return false;
  }
  newest_ = reply->status->newest_alert;
  return true;
}

bool Watch::fetch() {
  for (bool more = true; more && !finished();) {
    wire::ControlRequest request;
    request.kind = wire::ControlKind::alerts_since;
    request.since = newest_;
    request.consumer = options_.consumer;
    const auto reply = control_->ask(std::move(request));
    if (!reply || !reply->ok) {
      error_ = reply ? options_.control + ": " + reply->error : control_->error();
      return false;
    }
    if (reply->gone_last != 0) {
      std::fprintf(stderr, "watch: %s\n", gone_alerts_text(reply->gone_first, reply->gone_last).c_str());
    }
    const std::uint64_t before = newest_;
    for (const auto& bytes : reply->alerts) {
      const AlignedBuffer buffer{bytes};
      if (const auto alert = wire::decode_alert(buffer.bytes())) take(*alert);
    }
    if (reply->cursor && !finished()) newest_ = std::max(newest_, *reply->cursor);  // not all are for us to see
    more = reply->more && newest_ > before;
  }
  return move_cursor();
}

bool Watch::move_cursor() {
  if (options_.consumer.empty() || newest_ <= moved_) return true;
  wire::ControlRequest request;
  request.kind = wire::ControlKind::ack_alerts;
  request.consumer = options_.consumer;
  request.number = newest_;
  const auto reply = control_->ask(std::move(request));
  if (!reply || !reply->ok) {
    error_ = reply ? options_.control + ": " + reply->error : control_->error();
    return false;
  }
  moved_ = newest_;
  return true;
}

void Watch::take_message(const std::vector<AlignedBuffer>& frames) {
  if (frames.size() < 2 || !caught_up_) return;  // what comes before catching up is fetched then
  const auto alert = wire::decode_alert(frames.back().bytes());
  if (!alert) return;  // the head message, or not an alert
  // Numbers are dense: a jump means that messages were lost on the way, and the journal has them.
  if (control_ && alert->number && *alert->number > newest_ + 1 && fetch()) return;
  take(*alert);
  if (control_ && !move_cursor()) std::fprintf(stderr, "watch: %s\n", error_.c_str());
}

bool Watch::keep_connected() {
  if (connection_ && !connection_->down()) {
    if (!reached_ && connection_->up()) {
      reached_ = true;
      told_down_ = false;
    } else if (told_down_ && connection_->up()) {
      std::fprintf(stderr, "watch: connected again\n");
      told_down_ = false;
    }
    return true;
  }
  if (connection_) {
    if (reached_ && !told_down_) {
      std::fprintf(stderr, "watch: lost %s, trying again\n", options_.endpoint.c_str());
      told_down_ = true;
    }
    hopeless_ = attempts_.hopeless_after(*connection_);
    connection_.reset();
    if (hopeless_) {
      error_ = attempts_.text();
      return false;
    }
    std::this_thread::sleep_for(Milliseconds{200});
  }
  connection_ = Connection::open(context_, Pattern::subscriber, options_.endpoint, error_);
  if (connection_ && !options_.provisional.empty()) connection_->subscribe(options_.provisional + "/~provisional/");
  return connection_ != nullptr;
}

int Watch::run() {
  catch_stop_signals();
  const auto timeout = Milliseconds{static_cast<std::int64_t>(options_.timeout_s * 1000)};
  const auto give_up = Clock::now() + timeout;
  if (!options_.control.empty()) control_ = std::make_unique<Control>(context_, options_.control, timeout);
  auto next_fetch = Clock::now();
  caught_up_ = !control_;
  std::vector<AlignedBuffer> frames;
  while (!stop_requested() && !finished()) {
    if (!keep_connected()) {
      std::fprintf(stderr, "%s\n", error_.c_str());
      return static_cast<int>(hopeless_ ? Exit::unreachable : Exit::bad_usage);
    }
    if (!reached_ && Clock::now() > give_up) {
      std::fprintf(stderr, "%s: not reached; is tocsind running, and is this its alerts endpoint?\n",
                   options_.endpoint.c_str());
      return static_cast<int>(Exit::unreachable);
    }
    // Subscribed first, fetched then: what is published in between is seen twice at worst, and shown once.
    if (reached_ && control_ && !told_down_ && Clock::now() >= next_fetch) {
      if (!caught_up_ && !begin()) {
        std::fprintf(stderr, "%s\n", error_.c_str());
        return static_cast<int>(Exit::unreachable);
      }
      caught_up_ = true;
      next_fetch = Clock::now() + kGapCheck;
      if (!fetch()) std::fprintf(stderr, "watch: %s\n", error_.c_str());
    }
    if (connection_->receive(frames, kLook)) take_message(frames);
  }
  return static_cast<int>(Exit::done);
}
}  // namespace

int run_watch(const WatchOptions& options) {
  const auto least = parse_level(options.level);
  if (!least) {
    std::fprintf(stderr, "--level %s: no such level; there are watch, elevated, high, critical\n",
                 options.level.c_str());
    return static_cast<int>(Exit::bad_usage);
  }
  return Watch{options, *least}.run();
}
}  // namespace tocsin::tools
