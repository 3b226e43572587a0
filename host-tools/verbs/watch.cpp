// SPDX-License-Identifier: Apache-2.0
#include "verbs/watch.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "tocsin/text/json_lines.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "lib/alert_text.hpp"
#include "lib/event_track.hpp"
#include "lib/exit_status.hpp"
#include "lib/level.hpp"
#include "lib/net.hpp"

namespace tocsin::tools {
namespace {
using Clock = std::chrono::steady_clock;
constexpr Milliseconds kLook{250};
/// How often the control socket is asked for events that a lost message would have hidden.
constexpr Milliseconds kGapCheck{2000};
/// So long an event waits for those before it that are being fetched.
constexpr Milliseconds kInOrder{3000};
/// A daemon tells whoever may read where it stands each 5 s.
constexpr Milliseconds kSilence{12'000};

/// No number was heard yet that could be where another journal begins for us.
constexpr std::uint64_t kNoNumber = std::numeric_limits<std::uint64_t>::max();

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

class Watch {
 public:
  Watch(const WatchOptions& options, engine::Level least)
      : options_{options}, least_{least}, track_{!options.control.empty()} {
    text_.palette.on = wants_colour(stdout);
  }
  int run();

 private:
  [[nodiscard]] bool keep_connected();
  void note_connected();
  void tell_silence();
  void listen(Milliseconds patience);
  /// Takes all that waits, without asking.
  void drain();
  void take_message(std::vector<AlignedBuffer>& frames);
  void take_head(std::uint64_t number);
  /// An event with a number, as it was published: shown unless it was, or taken for a sign of another journal.
  void show_live(const AlignedBuffer& frame);
  /// @returns false when the daemon does not answer.
  bool show_held();

  /// What is to be done every two seconds, and when there is a doubt. @returns false when the daemon does not answer.
  [[nodiscard]] bool look();
  [[nodiscard]] std::optional<wire::ControlReply> ask_status();
  /// Asks the daemon whose journal is known, and shows meanwhile what rings. Numbers mean nothing to another one.
  /// @returns nothing and sets the error when there is no answer, or a refusal.
  [[nodiscard]] std::optional<wire::ControlReply> ask_the_same(wire::ControlRequest request);
  [[nodiscard]] std::optional<wire::ControlReply> checked(std::optional<wire::ControlReply> reply);
  /// Decides which event comes first. @returns false when the daemon does not answer.
  [[nodiscard]] bool begin();
  /// Fetches all events above the mark. @returns false when the daemon does not answer.
  [[nodiscard]] bool fetch();
  void take_fetched(const wire::ControlReply& reply);
  /// What was shown need not be shown again, whatever happens. @returns false when the daemon does not answer.
  [[nodiscard]] bool move_cursor();
  void tell_trouble(bool fine);

  /// The journal behind the daemon may be another one: asks soon. @param mark  where it begins for us, if it is.
  void doubt(std::uint64_t mark);
  [[nodiscard]] bool settle_doubt();
  /// Before anything was shown there is nothing to compare: learns the event at the mark, once, if it is for us to see.
  /// @returns false when the daemon does not answer.
  [[nodiscard]] bool know_mark();
  [[nodiscard]] bool catch_up() { return (!doubt_ || settle_doubt()) && know_mark() && fetch() && know_mark(); }
  /// The event of a number, if there is one that is for us to see. @returns false when the daemon does not answer.
  [[nodiscard]] bool fetch_one(std::uint64_t number, std::optional<AlignedBuffer>& event);
  /// Another journal may have come further already: `other` says whether its event of the newest number that was shown
  /// is not the same. @returns false when the daemon does not answer.
  [[nodiscard]] bool compare_last(bool& other);
  /// The journal behind the daemon is another one, or an older copy. Goes on with the events above `mark` of it.
  void go_back(std::uint64_t mark, std::uint64_t newest);

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
  EventTrack track_;
  /// An event that was heard and not dealt with yet.
  struct Held {
    std::uint64_t number;
    AlignedBuffer frame;
  };
  std::vector<Held> held_;  ///< oldest first: while what was before them is being fetched
  Clock::time_point held_since_;
  std::optional<std::uint64_t> doubt_;  ///< that the journal is another one, and where it would begin for us
  std::uint64_t journals_ = 0;          ///< so often it was another one
  std::uint64_t mark_asked_ = 0;        ///< the mark whose event was asked for
  Clock::time_point next_look_ = Clock::now();
  std::uint64_t moved_ = 0;  ///< where the consumer's cursor is
  std::uint64_t shown_ = 0;
  bool reached_ = false;
  bool begun_ = false;   ///< it is decided which event comes first
  bool asking_ = false;  ///< one question at a time
  bool moving_ = false;  ///< and it is about the cursor
  bool broke_ = false;   ///< the connection to the daemon whose journal was known
  bool told_down_ = false;
  bool told_silence_ = false;  ///< on this connection
  bool spoke_ = false;         ///< something was heard on this connection
  Clock::time_point heard_;    ///< the last message, or the connection's beginning
  std::string error_;
  std::string trouble_;  ///< why events cannot be fetched, as it was told; empty: they can
};

void Watch::print(const wire::AlertRecord& alert) {
  if (finished() || !is_wanted(alert, least_)) return;
  ++shown_;
  const std::string text = options_.json ? text::format_alert(alert) + "\n" : alert_text(alert, text_) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Watch::go_back(std::uint64_t mark, std::uint64_t newest) {
  const std::string now = newest == 0 ? "it has no event yet" : "its newest event is " + std::to_string(newest);
  std::string next;
  if (!options_.consumer.empty()) {
    next = "; going on from the cursor of \"" + options_.consumer + "\" in that journal";
  } else if (mark != 0) {
    next = "; events up to " + std::to_string(mark) + " were not shown again, see `tocsin log alerts`";
  }
  std::fprintf(stderr, "watch: the daemon goes on with another or an older journal: %s, event %llu was known here%s\n",
               now.c_str(), static_cast<unsigned long long>(track_.newest()), next.c_str());
  track_.restart(options_.consumer.empty() ? mark : 0);
  moved_ = 0;
  mark_asked_ = 0;
  doubt_.reset();
  ++journals_;
  next_look_ = Clock::now();
}

void Watch::doubt(std::uint64_t mark) {
  doubt_ = std::min(doubt_.value_or(kNoNumber), mark);
  next_look_ = Clock::now();
}

bool Watch::settle_doubt() {
  drain();  // what the daemon before said
  const auto journal = journals_;
  const auto status = ask_status();
  if (!status) return false;
  const auto newest = status->status->newest_alert;
  auto mark = newest;
  bool other = newest < track_.newest();
  if (!other && track_.last() != 0) {
    mark = track_.last() - 1;  // what is compared is new here, if it is not the same
    if (!compare_last(other)) return false;
  }
  if (journals_ != journal || !doubt_) return true;  // it was settled by what rang meanwhile
  if (other) {
    go_back(std::min(mark, *doubt_), newest);
    return true;
  }
  track_.vouch();
  doubt_.reset();
  return true;
}

bool Watch::fetch_one(std::uint64_t number, std::optional<AlignedBuffer>& event) {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::alerts_since;
  request.since = number - 1;
  request.limit = 1;
  const auto reply = ask_the_same(std::move(request));
  if (!reply) return false;
  if (reply->alerts.empty()) return true;
  AlignedBuffer buffer{reply->alerts.front()};
  const auto alert = wire::decode_alert(buffer.bytes());
  if (alert && alert->number == number) event = std::move(buffer);
  return true;
}

bool Watch::know_mark() {
  const auto mark = track_.mark();
  if (mark == mark_asked_ || track_.last() != 0) return true;
  const auto journal = journals_;
  std::optional<AlignedBuffer> event;
  if (!fetch_one(mark, event)) return false;
  if (journals_ != journal) return true;  // the answer is of the other one
  mark_asked_ = mark;
  if (event) track_.know(mark, event->bytes());
  return true;
}

bool Watch::compare_last(bool& other) {
  const auto last = track_.last();
  std::optional<AlignedBuffer> event;
  if (!fetch_one(last, event)) return false;
  if (event && track_.last() == last) other = !track_.is_last(event->bytes());
  return true;
}

std::optional<wire::ControlReply> Watch::ask_status() {
  asking_ = true;
  auto reply = control_->ask({.kind = wire::ControlKind::status, .id = 0, .feed = {}, .since = 0, .limit = 0});
  asking_ = false;
  if (reply && reply->ok && !reply->status) reply->ok = false;
  return checked(std::move(reply));
}

std::optional<wire::ControlReply> Watch::ask_the_same(wire::ControlRequest request) {
  asking_ = true;
  auto reply = control_->ask_the_same(std::move(request));
  asking_ = false;
  if (!reply) {
    broke_ = control_->broke();
    doubt(kNoNumber);  // whoever answers next may have another journal
    if (!broke_) next_look_ = Clock::now() + kGapCheck;
  }
  return checked(std::move(reply));
}

std::optional<wire::ControlReply> Watch::checked(std::optional<wire::ControlReply> reply) {
  if (reply && reply->ok) return reply;
  error_ = reply ? options_.control + ": " + reply->error : control_->error();
  return std::nullopt;
}

bool Watch::begin() {
  const bool at_newest = !options_.from_start && options_.consumer.empty();
  if (!at_newest) track_.restart(options_.since);  // 0 of a consumer: from its cursor
  for (bool again = at_newest; again;) {
    const auto reply = ask_status();
    if (!reply) return false;
    std::uint64_t mark = reply->status->newest_alert;
    for (const auto& one : held_) mark = std::min(mark, one.number - 1);  // what has rung already is for us
    track_.restart(mark);
    again = !know_mark() && std::exchange(broke_, false);  // the next daemon may have another event of that number
  }
  doubt(kNoNumber);  // whether the journal goes so far
  begun_ = true;
  return true;
}

bool Watch::fetch() {
  for (bool more = true; more && !finished();) {
    const auto journal = journals_;
    wire::ControlRequest request;
    request.kind = wire::ControlKind::alerts_since;
    request.since = track_.mark();
    request.consumer = options_.consumer;
    const auto reply = ask_the_same(std::move(request));
    if (!reply) return false;
    if (journals_ != journal) continue;  // the answer is of the other one
    const std::uint64_t before = track_.mark();
    take_fetched(*reply);
    more = reply->more && track_.mark() > before;
  }
  return move_cursor();
}

void Watch::take_fetched(const wire::ControlReply& reply) {
  if (reply.gone_last > track_.mark()) {
    std::fprintf(stderr, "watch: %s\n", gone_alerts_text(reply.gone_first, reply.gone_last).c_str());
    track_.fetched_up_to(reply.gone_last);
  }
  for (const auto& bytes : reply.alerts) {
    if (finished()) return;
    const AlignedBuffer buffer{bytes};
    const auto alert = wire::decode_alert(buffer.bytes());
    if (alert && alert->number && track_.fetched(*alert->number, buffer.bytes())) print(*alert);
  }
  if (reply.cursor && !finished()) track_.fetched_up_to(*reply.cursor);  // not all are for us to see
}

bool Watch::move_cursor() {
  if (options_.consumer.empty() || track_.mark() <= moved_) return true;
  const auto journal = journals_;
  const auto mark = track_.mark();
  wire::ControlRequest request;
  request.kind = wire::ControlKind::ack_alerts;
  request.consumer = options_.consumer;
  request.number = mark;
  moving_ = true;
  const bool moved = ask_the_same(std::move(request)).has_value();
  moving_ = false;
  if (moved && journals_ == journal) moved_ = mark;
  return moved;
}

void Watch::tell_trouble(bool fine) {
  if (fine) {
    if (!trouble_.empty()) std::fprintf(stderr, "watch: %s works again\n", options_.control.c_str());
    trouble_.clear();
    return;
  }
  if (finished() || stop_requested()) return;
  if (error_ != trouble_) std::fprintf(stderr, "watch: %s\n", error_.c_str());
  trouble_ = error_;
}

bool Watch::look() {
  if (!begun_ && !begin()) return false;
  next_look_ = Clock::now() + kGapCheck;
  bool fine = catch_up();
  if (!fine && std::exchange(broke_, false)) fine = catch_up();
  fine = show_held() && fine;
  tell_trouble(fine);
  return true;
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

// Numbers are dense: a jump means that messages were lost on the way, and the journal has them. They come first.
bool Watch::show_held() {
  bool fine = true;
  while (!held_.empty()) {
    for (const auto& one : std::exchange(held_, {})) {
      const bool may_ask = control_ && !asking_ && fine && trouble_.empty() && begun_;
      if (may_ask && one.number > track_.mark() + 1) fine = fetch();
      show_live(one.frame);
    }
  }
  return fine;
}

void Watch::take_head(std::uint64_t number) {
  if (!begun_) return;
  const Heard heard = track_.head(number);
  if (heard == Heard::doubtful && control_) return doubt(number);
  if (heard == Heard::back || heard == Heard::doubtful) go_back(number, number);
}

void Watch::take_message(std::vector<AlignedBuffer>& frames) {
  if (frames.size() < 2) return;
  heard_ = Clock::now();
  spoke_ = true;
  if (is_head(frames.front().bytes())) {
    if (const auto number = number_of(frames.back().bytes())) take_head(*number);
    return;
  }
  const auto alert = wire::decode_alert(frames.back().bytes());
  if (!alert) return;  // an alarm of the daemon's own
  if (alert->number.value_or(0) == 0) return print(*alert);
  if (held_.empty()) held_since_ = Clock::now();
  held_.push_back({*alert->number, std::move(frames.back())});
  if (!begun_ || (asking_ && control_)) return;  // what is asked for comes first, unless that takes too long
  const bool may_ask = control_ && trouble_.empty();
  bool fine = show_held();
  if (may_ask && fine) fine = move_cursor();
  if (may_ask && !std::exchange(broke_, false)) tell_trouble(fine);
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
  track_.connected();
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
      std::fprintf(stderr, "%s\n", error_.c_str());
      return static_cast<int>(Exit::unreachable);
    }
    if (connection_) listen(kLook);
    tell_silence();
  }
  if (control_ && !move_cursor() && !stop_requested()) {
    std::fprintf(stderr, "watch: %s; what was shown may be shown again to \"%s\"\n", error_.c_str(),
                 options_.consumer.c_str());
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
