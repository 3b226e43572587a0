// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Watch: one run of `tocsin watch`. watch.cpp listens and shows, watch_asking.cpp asks the daemon's control
/// socket: for what was missed, and whether its journal is still the one that is known.
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tocsin/wire/alert_codec.hpp"

#include "lib/alert_text.hpp"
#include "lib/event_track.hpp"
#include "lib/net.hpp"
#include "verbs/watch.hpp"

namespace tocsin::tools {
/// One owner, one thread: what rings is taken in the midst of a question (Control::meanwhile), so whoever asks finds
/// things changed afterwards.
class Watch {
 public:
  Watch(const WatchOptions& options, engine::Level least)
      : options_{options}, least_{least}, track_{!options.control.empty()} {
    text_.palette.on = wants_colour(stdout);
  }
  /// @returns the exit status.
  [[nodiscard]] int run();

 private:
  using Clock = std::chrono::steady_clock;
  /// How often the control socket is asked for events that a lost message would have hidden.
  static constexpr Milliseconds kGapCheck{2000};
  /// No number was heard yet that could be where another journal begins for us.
  static constexpr std::uint64_t kNoNumber = std::numeric_limits<std::uint64_t>::max();

  enum class What : std::uint8_t { event, head, connected };
  /// What was heard and not dealt with yet.
  struct Held {
    What what;
    std::uint64_t number;
    AlignedBuffer frame;  ///< of an event
  };

  [[nodiscard]] bool keep_connected();
  void note_connected();
  void tell_silence();
  void listen(Milliseconds patience);
  /// Takes all that waits, without asking.
  void drain();
  void take_message(std::vector<AlignedBuffer>& frames);
  /// An event with a number, as it was published: shown unless it was, or taken for a sign of another journal.
  void show_live(const AlignedBuffer& frame);
  /// Deals with all that was heard, in that order. @pre begun_. @returns false when the daemon does not answer.
  bool show_held();
  /// What came before the connection was made anew, without asking.
  void show_held_of_old();
  void take_first_held();

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
  /// The same in the end. The question that was given up for it took the connection along.
  [[nodiscard]] bool leave_cursor();
  void tell_trouble(bool fine);

  /// The journal behind the daemon may be another one: asks soon. @param mark  where it begins for us, if it is.
  void doubt(std::uint64_t mark);
  [[nodiscard]] bool settle_doubt();
  /// Before anything was shown there is nothing to compare: learns the event at the mark, once, if it is for us to see.
  /// @returns false when the daemon does not answer.
  [[nodiscard]] bool know_mark();
  [[nodiscard]] bool catch_up() { return (!doubt_ || settle_doubt()) && know_mark() && fetch() && know_mark(); }
  /// The same, once more when the connection broke on the way.
  [[nodiscard]] bool caught_up() { return catch_up() || (std::exchange(broke_, false) && catch_up()); }
  /// The event of a number, if there is one that is for us to see. @returns false when the daemon does not answer.
  [[nodiscard]] bool fetch_one(std::uint64_t number, std::optional<AlignedBuffer>& event);
  /// Another journal may have come further already: `other` says whether its event of the newest number that is known
  /// is not the same. @returns false when the daemon does not answer.
  [[nodiscard]] bool compare_last(const std::optional<Held>& held, bool& other);
  /// The newest event that came before the connection was made anew, when it is newer than those that were shown.
  [[nodiscard]] std::optional<Held> newest_of_old() const;
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
  std::deque<Held> held_;    ///< oldest first: while what was before them is being fetched
  std::uint64_t taken_ = 0;  ///< so many were taken from it
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
}  // namespace tocsin::tools
