// SPDX-License-Identifier: Apache-2.0
#include "verbs/watch.hpp"

#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "tocsin/text/json_lines.hpp"

#include "lib/exit_status.hpp"
#include "lib/level.hpp"
#include "verbs/watch_session.hpp"

namespace tocsin::tools {
namespace {
constexpr Milliseconds kLook{250};
/// So long an event waits for those before it that are being fetched.
constexpr Milliseconds kInOrder{3000};
/// A daemon tells whoever may read where it stands each 5 s.
constexpr Milliseconds kSilence{12'000};

std::optional<std::uint64_t> number_of(std::span<const std::byte> digits) {
  const auto* first = reinterpret_cast<const char*>(digits.data());
  const auto* last = first + digits.size();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(first, last, number);
  if (error != std::errc{} || end != last) return std::nullopt;
  return number;
}

bool is_head(std::span<const std::byte> topic) {
  return std::string_view{reinterpret_cast<const char*>(topic.data()), topic.size()}.ends_with("/~head");
}
}  // namespace

void Watch::print(const wire::AlertRecord& alert) {
  if (finished() || !is_wanted(alert, least_)) return;
  ++shown_;
  const std::string text = options_.json ? text::format_alert(alert) + "\n" : alert_text(alert, text_) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Watch::show_live(const AlignedBuffer& frame) {
  const auto alert = wire::decode_alert(frame.bytes());
  if (finished() || !alert) return;
  const std::uint64_t number = *alert->number;
  Heard heard = track_.live(number, frame.bytes());
  if (heard == Heard::doubtful && control_) return doubt(number - 1);
  if (heard == Heard::back || heard == Heard::doubtful) {
    go_back(number - 1, number);
    heard = track_.live(number, frame.bytes());
  }
  if (heard == Heard::fresh) print(*alert);
}

void Watch::take_first_held() {
  const Held one = std::move(held_.front());
  held_.pop_front();
  ++taken_;
  if (one.what == What::event) return show_live(one.frame);
  if (one.what == What::connected) return track_.connected();
  const Heard heard = track_.head(one.number);
  if (heard == Heard::doubtful && control_) return doubt(one.number);
  if (heard == Heard::back || heard == Heard::doubtful) go_back(one.number, one.number);
}

// Numbers are dense: a jump means that messages were lost on the way, and the journal has them. They come first. So
// does the question whether it still is that journal. While its answer lets wait for itself, what was held may be
// shown.
bool Watch::show_held() {
  bool fine = true;
  while (!held_.empty()) {
    const bool may_ask = control_ && !asking_ && fine && trouble_.empty();
    const auto& first = held_.front();
    if (may_ask && first.what == What::event && (doubt_ || first.number > track_.mark() + 1)) {
      const auto taken = taken_;
      fine = caught_up();
      if (taken_ != taken) continue;
    }
    take_first_held();
  }
  return fine;
}

void Watch::show_held_of_old() {
  while (!held_.empty() && held_.front().what != What::connected) take_first_held();
}

void Watch::take_message(std::vector<AlignedBuffer>& frames) {
  if (frames.size() < 2) return;
  heard_ = Clock::now();
  const bool again = std::exchange(spoke_, true);
  if (std::exchange(told_silence_, false)) {
    std::fprintf(stderr, "watch: %s speaks%s\n", options_.endpoint.c_str(), again ? " again" : "");
  }
  Held one{What::head, 0, {}};
  if (is_head(frames.front().bytes())) {
    const auto number = number_of(frames.back().bytes());
    if (!begun_ || !number) return;
    one.number = *number;
  } else {
    const auto alert = wire::decode_alert(frames.back().bytes());
    if (!alert) return;  // an alarm of the daemon's own
    if (alert->number.value_or(0) == 0) return print(*alert);
    one = {What::event, *alert->number, std::move(frames.back())};
  }
  if (held_.empty()) held_since_ = Clock::now();
  held_.push_back(std::move(one));
  if (!begun_ || (asking_ && control_)) return;  // what is asked for comes first, unless that takes too long
  while (!held_.empty()) {                       // more may ring while the cursor is moved
    const bool may_ask = control_ && trouble_.empty();
    bool fine = show_held();
    if (may_ask && fine) fine = move_cursor();
    if (may_ask && !std::exchange(broke_, false)) tell_trouble(fine);
  }
}

void Watch::note_connected() {
  if (!connection_->up() || (reached_ && !told_down_)) return;
  if (reached_) {
    std::fprintf(stderr, "watch: connected again\n");
    // It may have another journal now. Its head, which comes at once, says so with an exact number.
    if (control_ && begun_) doubt(kNoNumber);
    next_look_ = Clock::now() + kLook;
  }
  reached_ = true;
  told_down_ = false;
  told_silence_ = false;
  spoke_ = false;
  heard_ = Clock::now();
}

// Who may not read is told nothing: there is nobody to tell a subscriber that it was refused. A daemon that spoke
// before is only silent: while it mends its journal, say, or changes its book.
void Watch::tell_silence() {
  const auto silence = Clock::now() - heard_;
  if (!reached_ || told_down_ || told_silence_ || silence < kSilence) return;
  told_silence_ = true;
  if (spoke_) {
    std::fprintf(stderr, "watch: %s has been silent for %lld s\n", options_.endpoint.c_str(),
                 static_cast<long long>(std::chrono::duration_cast<std::chrono::seconds>(silence).count()));
    return;
  }
  std::fprintf(stderr,
               "watch: connected to %s, which says nothing, not even where it stands: is it tocsind's alerts endpoint, "
               "and has this key the role \"read\"?\n",
               options_.endpoint.c_str());
}

bool Watch::keep_connected() {
  if (connection_ && !connection_->down()) {
    note_connected();
    return true;
  }
  if (connection_) {
    drain();
    const bool asking = std::exchange(asking_, true);  // nothing is to be asked in the midst of this
    if (begun_ && !asking) (void)show_held();
    asking_ = asking;
    if (reached_ && !told_down_) {
      std::fprintf(stderr, "watch: lost %s, trying again\n", options_.endpoint.c_str());
      told_down_ = true;
    }
    hopeless_ = attempts_.hopeless_after(*connection_);
    connection_.reset();
    if (!hopeless_) std::this_thread::sleep_for(Milliseconds{200});
  }
  if (hopeless_) {  // now, or while an answer was waited for
    error_ = attempts_.text();
    return false;
  }
  connection_ = Connection::open(context_, Pattern::subscriber, options_.endpoint, error_);
  if (connection_ && !options_.provisional.empty()) connection_->subscribe(options_.provisional + "/~provisional/");
  if (held_.empty()) {
    track_.connected();
  } else {
    held_.push_back({What::connected, 0, {}});
  }
  return connection_ != nullptr;
}

void Watch::listen(Milliseconds patience) {
  std::vector<AlignedBuffer> frames;
  while (!finished() && connection_->receive(frames, patience)) {
    take_message(frames);
    if (!asking_) return;
  }
}

void Watch::drain() {
  const bool asking = std::exchange(asking_, true);
  if (connection_) listen(Milliseconds{0});
  asking_ = asking;
}

int Watch::run() {
  catch_stop_signals();
  const auto timeout = Milliseconds{static_cast<std::int64_t>(options_.timeout_s * 1000)};
  const auto give_up = Clock::now() + timeout;
  if (!options_.control.empty()) control_ = std::make_unique<Control>(context_, options_.control, timeout);
  if (control_) {
    control_->meanwhile([this] {  // the bell rings also when nobody answers
      if (begun_ && Clock::now() - held_since_ >= kInOrder) (void)show_held();
      if (keep_connected()) listen(Milliseconds{0});
      return !hopeless_ && (moving_ || !finished());
    });
  }
  begun_ = !control_;
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
    if (reached_ && control_ && !told_down_ && Clock::now() >= next_look_ && !look()) {
      if (stop_requested() || finished()) break;
      std::fprintf(stderr, "%s\n", (hopeless_ ? attempts_.text() : error_).c_str());
      return static_cast<int>(Exit::unreachable);
    }
    if (connection_) listen(kLook);
    tell_silence();
  }
  if (control_ && !leave_cursor() && !stop_requested()) {
    std::fprintf(stderr, "watch: %s; what was shown may be shown again to \"%s\"\n", error_.c_str(),
                 options_.consumer.c_str());
  }
  return static_cast<int>(Exit::done);
}

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
