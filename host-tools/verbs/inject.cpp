// SPDX-License-Identifier: Apache-2.0
#include "verbs/inject.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "tocsin/wire/control_codec.hpp"

#include "lib/complaints.hpp"
#include "lib/exit_status.hpp"
#include "lib/json.hpp"
#include "lib/net.hpp"
#include "lib/outbox.hpp"
#include "lib/reports.hpp"
#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
using Clock = std::chrono::steady_clock;

constexpr Milliseconds kAckPatience{2000};  ///< no acknowledgement for so long: a new connection, all again
constexpr Milliseconds kReconnectWait{100};

class Inject {
 public:
  explicit Inject(const InjectOptions& options) : options_{options}, complaints_{options.errors_max} {}
  int run();

 private:
  [[nodiscard]] Exit prepare();
  [[nodiscard]] Exit number_lines();
  void find_moments();
  [[nodiscard]] Exit send_all();
  [[nodiscard]] bool keep_connected();
  void release_due(Clock::time_point now);
  void send_frames(Clock::time_point now);
  void take_acks(Milliseconds wait);
  [[nodiscard]] Milliseconds idle_wait(Clock::time_point now) const;
  [[nodiscard]] bool gave_up(Clock::time_point now);
  void with_views(std::span<const std::size_t> indices,
                  const std::function<void(std::span<const wire::InputView>)>& use);
  void on_refused(std::size_t index, const wire::RefusedItem& why);
  void complain(const std::string& text);
  /// About one line of the input.
  void complain_of_line(const std::string& text);
  void summarise(Exit exit);
  [[nodiscard]] std::size_t count() const { return reports_.items().size() + (clock_first_ ? 1U : 0U); }
  /// All that were given, also those that were never sent.
  [[nodiscard]] std::size_t lines() const { return count() + reports_.bad() + reports_.refused(); }
  [[nodiscard]] std::size_t refused() const { return outbox_->refused() + reports_.refused(); }
  [[nodiscard]] std::string where(std::size_t index) const;
  [[nodiscard]] bool is_timed() const { return options_.speed > 0; }

  const InjectOptions& options_;
  Complaints complaints_;
  Reports reports_;
  bool clock_first_ = false;
  /// Where each moment starts and its instant, in the order of sending (timed runs only).
  struct Moment {
    std::size_t first;
    engine::Instant at;
  };
  std::vector<Moment> moments_;
  std::size_t next_moment_ = 0;
  Context context_;
  std::unique_ptr<Connection> connection_;
  Attempts attempts_;
  bool hopeless_ = false;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Progress> progress_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point last_ack_ = started_;       ///< or the last time when nothing was on its way
  Clock::time_point last_progress_ = started_;  ///< an acknowledgement, or nothing to wait for
  Milliseconds patience_ = kAckPatience;
  std::string error_;
};

void Inject::complain(const std::string& text) {
  if (progress_) progress_->clear();
  std::fprintf(stderr, "%s\n", text.c_str());
}

void Inject::complain_of_line(const std::string& text) {
  if (progress_) progress_->clear();
  complaints_.add(text);
}

std::string Inject::where(std::size_t index) const {
  if (clock_first_ && index == 0) return "the clock line of --start-clock";
  return reports_.where(reports_.items()[index - (clock_first_ ? 1U : 0U)]);
}

Exit Inject::number_lines() {
  const auto feeds = reports_.unnumbered_feeds();
  if (feeds.empty()) return Exit::done;
  if (options_.control.empty()) {
    complain("lines of feed \"" + feeds.front() +
             "\" have no `seq`: give --control ENDPOINT so that numbering goes on from the daemon's mark");
    return Exit::bad_usage;
  }
  Control control{context_, options_.control, Milliseconds{static_cast<std::int64_t>(options_.timeout_s * 1000)}};
  for (const std::string& feed : feeds) {
    const auto reply = control.ask({.kind = wire::ControlKind::hello, .id = 0, .feed = feed, .since = 0, .limit = 0});
    if (!reply) {
      complain(control.error());
      return Exit::unreachable;
    }
    if (!reply->ok) {
      reports_.refuse_unnumbered(feed, printable(reply->error),
                                 [this](const std::string& text) { complain_of_line(text); });
      continue;
    }
    reports_.number_from(feed, reply->has_mark ? reply->mark + 1 : 1);
  }
  return Exit::done;
}

void Inject::find_moments() {
  engine::Instant clock = engine::kNever;
  const std::size_t shift = clock_first_ ? 1 : 0;
  for (std::size_t index = 0; index < reports_.items().size(); ++index) {
    const text::Line line = reports_.parse(reports_.items()[index]);
    const engine::Instant at = std::max(clock, line.view().received.value_or(line.view().time));
    if (at != clock || moments_.empty()) moments_.push_back({moments_.empty() ? 0 : index + shift, at});
    clock = at;
  }
}

Exit Inject::prepare() {
  if (!reports_.read(options_.reports, [this](const std::string& text) { complain_of_line(text); }))
    return Exit::bad_input;
  const Exit numbered = number_lines();
  if (numbered != Exit::done) return numbered;
  clock_first_ = options_.start_clock && reports_.first_instant() && !reports_.starts_with_clock();
  outbox_ = std::make_unique<Outbox>(
      count(), [this](std::span<const std::size_t> indices, const auto& use) { with_views(indices, use); },
      [this](std::size_t index, const wire::RefusedItem& why) { on_refused(index, why); });
  if (is_timed()) {
    find_moments();
    outbox_->release_until(0);
  }
  return Exit::done;
}

void Inject::with_views(std::span<const std::size_t> indices,
                        const std::function<void(std::span<const wire::InputView>)>& use) {
  std::vector<text::Line> lines;
  std::vector<wire::InputView> views;
  for (const std::size_t index : indices) {
    if (clock_first_ && index == 0) {
      wire::InputView clock;
      clock.kind = engine::InputKind::clock;
      clock.time = *reports_.first_instant();
      views.push_back(clock);
      continue;
    }
    lines.push_back(reports_.parse(reports_.items()[index - (clock_first_ ? 1U : 0U)]));
    views.push_back(lines.back().view());
  }
  use(views);
}

void Inject::on_refused(std::size_t index, const wire::RefusedItem& why) {
  std::string text = where(index) + ": refused: " + wire::name_of(why.code);
  text += ": " + printable(why.text.empty() ? std::string{wire::sentence_of(why.code)} : why.text);
  if (why.retry) text += " (tried " + std::to_string(Outbox::kAttemptsMax) + " times)";
  complain_of_line(text);
}

bool Inject::keep_connected() {
  if (connection_ && !connection_->down()) return true;
  if (connection_) {
    hopeless_ = attempts_.hopeless_after(*connection_);
    connection_.reset();
    outbox_->connection_lost();
    if (hopeless_) {
      error_ = attempts_.text();
      return false;
    }
    std::this_thread::sleep_for(kReconnectWait);
  }
  connection_ = Connection::open(context_, Pattern::dealer, options_.endpoint, error_);
  last_ack_ = Clock::now();
  return connection_ != nullptr;
}

void Inject::release_due(Clock::time_point now) {
  while (next_moment_ < moments_.size()) {
    const auto& moment = moments_[next_moment_];
    const std::chrono::duration<double, std::milli> due{static_cast<double>(moment.at - moments_.front().at) /
                                                        options_.speed};
    if (now - started_ < due) return;
    ++next_moment_;
    outbox_->release_until(next_moment_ < moments_.size() ? moments_[next_moment_].first : count());
    send_frames(now);
  }
}

void Inject::send_frames(Clock::time_point now) {
  while (const Outbox::Frame* frame = outbox_->next_frame(now)) {
    if (outbox_->in_flight() == 1) last_ack_ = now;
    if (connection_->send(frame->bytes)) continue;
    outbox_->unsend();
    return;
  }
}

Milliseconds Inject::idle_wait(Clock::time_point now) const {
  Clock::time_point until = now + Milliseconds{100};
  if (const auto retry = outbox_->next_retry()) until = std::min(until, *retry);
  if (next_moment_ < moments_.size()) {
    const std::chrono::duration<double, std::milli> due{
        static_cast<double>(moments_[next_moment_].at - moments_.front().at) / options_.speed};
    until = std::min(until, started_ + std::chrono::duration_cast<Clock::duration>(due));
  }
  return std::max(Milliseconds{1}, std::chrono::ceil<Milliseconds>(until - now));
}

void Inject::take_acks(Milliseconds wait) {
  std::vector<AlignedBuffer> frames;
  for (; connection_ && connection_->receive(frames, wait); wait = Milliseconds{0}) {
    const auto ack = wire::decode_ack(frames.back().bytes());
    if (!ack) continue;
    const auto now = Clock::now();
    if (Outbox::lost_frames(*ack)) {
      connection_.reset();
      outbox_->connection_lost();
      return;
    }
    outbox_->acknowledge(*ack, now);
    last_ack_ = last_progress_ = now;
    patience_ = kAckPatience;
  }
}

bool Inject::gave_up(Clock::time_point now) {
  if (outbox_->in_flight() == 0 && connection_ && connection_->up()) last_ack_ = last_progress_ = now;
  if (outbox_->in_flight() != 0 && now - last_ack_ > patience_) {
    connection_.reset();
    outbox_->connection_lost();
    patience_ *= 2;
    last_ack_ = now;
  }
  return now - last_progress_ > std::chrono::duration<double>(options_.timeout_s);
}

Exit Inject::send_all() {
  progress_ = options_.quiet ? nullptr : std::make_unique<Progress>("inject", count(), "lines");
  started_ = last_ack_ = last_progress_ = Clock::now();
  while (!outbox_->done()) {
    if (stop_requested()) {
      complain("interrupted: " + counted(count() - outbox_->taken() - outbox_->refused(), "line", "lines") +
               " not acknowledged; lines with `seq` may simply be sent again");
      return Exit::bad_input;
    }
    if (!keep_connected()) {
      complain(error_);
      return hopeless_ ? Exit::unreachable : Exit::bad_usage;
    }
    const auto now = Clock::now();
    release_due(now);
    send_frames(now);
    take_acks(idle_wait(now));
    if (gave_up(Clock::now())) {
      complain(!attempts_.text().empty() ? attempts_.text()
                                         : options_.endpoint + ": no acknowledgement for " +
                                               span_text(static_cast<engine::Span>(options_.timeout_s * 1000)) +
                                               "; is tocsind running, and is this its ingest endpoint?");
      return Exit::unreachable;
    }
    if (progress_) progress_->update(outbox_->taken() + outbox_->refused());
  }
  return Exit::done;
}

void Inject::summarise(Exit exit) {
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  std::array<char, 32> time{};
  std::snprintf(time.data(), time.size(), "%.2f", seconds);
  const std::size_t unknown = count() - outbox_->taken() - outbox_->refused();
  if (options_.json) {
    JsonObject object;
    object.number("lines", lines())
        .number("taken", outbox_->taken())
        .number("refused", refused())
        .number("bad", reports_.bad())
        .number("unacknowledged", unknown)
        .number("resent", outbox_->resent())
        .raw("seconds", time.data());
    std::printf("%s\n", object.str().c_str());
    return;
  }
  if (options_.quiet && exit == Exit::done) return;
  std::string text = "inject: " + grouped(outbox_->taken()) + " of " + counted(lines(), "line", "lines") +
                     " taken and durable in " + time.data() + " s";
  if (seconds > 0.001)
    text += " (" + grouped(static_cast<std::uint64_t>(static_cast<double>(outbox_->taken()) / seconds)) + "/s)";
  if (refused() != 0) text += ", " + grouped(refused()) + " refused";
  if (reports_.bad() != 0) text += ", " + grouped(reports_.bad()) + " bad";
  if (unknown != 0) text += ", " + grouped(unknown) + " not acknowledged";
  if (outbox_->resent() != 0) text += ", " + grouped(outbox_->resent()) + " sent again after a break";
  std::fprintf(stderr, "%s\n", text.c_str());
}

int Inject::run() {
  catch_stop_signals();
  Exit exit = prepare();
  if (exit != Exit::done) return static_cast<int>(exit);
  exit = send_all();
  progress_.reset();
  complaints_.finish();
  summarise(exit);
  if (exit == Exit::done && (refused() != 0 || reports_.bad() != 0)) exit = Exit::bad_input;
  return static_cast<int>(exit);
}
}  // namespace

int run_inject(const InjectOptions& options) { return Inject{options}.run(); }
}  // namespace tocsin::tools
