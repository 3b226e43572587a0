// SPDX-License-Identifier: Apache-2.0
#include "verbs/replay.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>

#include "lib/alert_text.hpp"
#include "lib/book.hpp"
#include "lib/complaints.hpp"
#include "lib/exit_status.hpp"
#include "lib/json.hpp"
#include "lib/refusal_text.hpp"
#include "lib/reports.hpp"
#include "lib/session.hpp"
#include "lib/terminal.hpp"
#include "lib/why.hpp"

namespace tocsin::tools {
namespace {
constexpr std::size_t kDispositions = 7;

/// One run: what is counted and where it prints.
class Replay {
 public:
  explicit Replay(const ReplayOptions& options) : options_{options}, complaints_{options.errors_max} {
    palette_.on = wants_colour(stdout);
  }
  int run();

 private:
  bool parse_times();
  bool prepare();
  void start();
  void step_all();
  /// Answers --why; the input is stepped twice.
  int explain();
  void note_contact(const wire::InputView& line);
  /// The engine knows the newest contact of a feed only; this one has seen them all.
  void add_contacts(wire::WhyReport& report) const;
  [[nodiscard]] bool look_again(engine::Instant at, wire::RuleName rule, wire::WhyReport& report);
  void step_clock(engine::Instant to);
  void take(const Reports::Item& item);
  /// Moves the clock to `at` when this line would move it past.
  void stop_at(engine::Instant at, const wire::InputView& line);
  void print(const wire::AlertRecord& alert);
  void complain(const std::string& text);
  /// About one line of the input.
  void complain_of_line(const std::string& text);
  void summarise() const;
  [[nodiscard]] std::string summary_json() const;
  [[nodiscard]] std::string summary_text() const;
  [[nodiscard]] std::uint64_t count(engine::Disposition disposition) const {
    return counts_[static_cast<std::size_t>(disposition)];
  }

  const ReplayOptions& options_;
  Complaints complaints_;
  Palette palette_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::optional<engine::Instant> until_;
  std::optional<engine::Instant> at_;
  std::size_t look_after_ = 0;  ///< lines stepped when late news could last still reach the instant asked about
  std::map<std::string, engine::Instant, std::less<>> contacts_;  ///< newest up to the instant asked about
  bool counting_ = true;  ///< dispositions and complaints: in the first pass only
  engine::Mode mode_{.label = engine::Status::test, .evaluate_exercise = false, .evaluate_test = false};
  Reports reports_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Progress> progress_;
  std::array<std::uint64_t, kDispositions> counts_{};
  std::uint64_t refused_ = 0;
  std::uint64_t events_ = 0;
  bool began_ = false;
};

void Replay::complain(const std::string& text) {
  if (progress_) progress_->clear();
  std::fprintf(stderr, "%s\n", text.c_str());
}

void Replay::complain_of_line(const std::string& text) {
  if (progress_) progress_->clear();
  complaints_.add(text);
}

bool Replay::prepare() {
  LoadedBook book;
  const bool loaded = load_book(options_.book, options_.target, book);
  if (!loaded || !options_.quiet) std::fputs(book.messages.c_str(), stderr);
  if (!loaded) return false;
  std::string error;
  session_ = Session::open(book.image, error);
  if (!session_) {
    complain(options_.book + ": not a usable rule image: " + error + "; compile the book again with this version");
    return false;
  }
  return reports_.read(options_.reports, [this](const std::string& text) { complain_of_line(text); });
}

void Replay::print(const wire::AlertRecord& alert) {
  if (!options_.why.empty()) return;
  ++events_;
  const std::string text =
      options_.pretty ? alert_text(alert, {.palette = palette_}) + "\n" : text::format_alert(alert) + "\n";
  if (progress_) progress_->clear();
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void Replay::take(const Reports::Item& item) {
  const text::Line line = reports_.parse(item);
  if (at_) stop_at(*at_, line.view());
  const auto outcome = session_->step_each(line.view(), [this](const wire::AlertRecord& alert) { print(alert); });
  if (at_ && outcome.disposition == engine::Disposition::taken) note_contact(line.view());
  if (!counting_) return;
  if (outcome.refusal == wire::Refusal::none) {
    ++counts_[static_cast<std::size_t>(outcome.disposition)];
    return;
  }
  ++refused_;
  complain_of_line(reports_.where(item) +
                   ": refused: " + refusal_text(outcome.refusal, line.view(), session_->image()));
}

void Replay::stop_at(engine::Instant at, const wire::InputView& line) {
  const engine::Instant clock = session_->engine().clock();
  const bool is_clock = line.kind == engine::InputKind::clock;
  const engine::Instant to = is_clock ? line.time : line.received.value_or(std::max(line.time, clock));
  if (clock < at && to > at) step_clock(at);
}

void Replay::step_clock(engine::Instant to) {
  wire::InputView clock;
  clock.kind = engine::InputKind::clock;
  clock.time = to;
  session_->step_each(clock, [this](const wire::AlertRecord& alert) { print(alert); });
}

void Replay::start() {
  const auto first = reports_.first_instant();
  began_ = first || until_;
  if (!began_) return;
  session_->start(first ? *first : *until_, mode_);
  if (first && options_.start_clock && !reports_.starts_with_clock()) step_clock(*first);
}

void Replay::step_all() {
  start();
  if (!began_) return;
  progress_ = std::make_unique<Progress>("replay", reports_.items().size(), "lines");
  std::size_t done = 0;
  for (const Reports::Item& item : reports_.items()) {
    take(item);
    if (++done % 256 == 0) progress_->update(done);
    if (at_ && session_->engine().reach() <= *at_) look_after_ = done;
  }
  if (until_) {
    if (*until_ < session_->engine().clock()) {
      complain("--until " + options_.until + " is before the end of the input (" +
               text::format_instant(session_->engine().clock()) + "): no effect");
    } else {
      step_clock(*until_);
    }
  }
  progress_.reset();
}

std::string Replay::summary_json() const {
  JsonObject object;
  object.number("lines", reports_.items().size() + reports_.bad())
      .number("taken", count(engine::Disposition::taken))
      .number("duplicate", count(engine::Disposition::duplicate))
      .number("stale", count(engine::Disposition::stale))
      .number("withdrawn", count(engine::Disposition::withdrawn))
      .number("not_evaluated", count(engine::Disposition::not_evaluated))
      .number("refused", refused_)
      .number("bad", reports_.bad())
      .number("events", events_);
  if (began_) {
    object.instant("first_instant", session_->engine().first_instant()).instant("clock", session_->engine().clock());
  }
  return object.str();
}

std::string Replay::summary_text() const {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  std::array<char, 32> time{};
  std::snprintf(time.data(), time.size(), "%.2f s", seconds);
  std::string out =
      "replay: " + counted(reports_.items().size() + reports_.bad(), "line", "lines") + " in " + time.data();
  if (began_) {
    out += ", " + text::format_instant(session_->engine().first_instant()) + " to " +
           text::format_instant(session_->engine().clock());
  }
  out += ": " + counted(events_, "alert event", "alert events");
  const auto add = [&out](std::uint64_t number, const char* what) {
    if (number != 0) out += ", " + grouped(number) + " " + what;
  };
  add(count(engine::Disposition::duplicate), "duplicate");
  add(count(engine::Disposition::stale), "stale (too late to count)");
  add(count(engine::Disposition::withdrawn), "withdrawn");
  add(count(engine::Disposition::not_evaluated), "exercise or test reports not evaluated (see --status)");
  add(refused_, "refused");
  add(reports_.bad(), "bad");
  return out;
}

void Replay::summarise() const {
  if (options_.quiet) return;
  std::fprintf(stderr, "%s\n", (options_.summary_json ? summary_json() : summary_text()).c_str());
}

bool Replay::parse_times() {
  const auto parse = [this](const char* option, const std::string& text, std::optional<engine::Instant>& out) {
    engine::Instant instant = 0;
    if (text.empty()) return true;
    if (!text::parse_instant(text, instant)) {
      complain(std::string{option} + " " + text + ": not a time; write it like 2024-06-01T00:00:00Z (UTC)");
      return false;
    }
    out = instant;
    return true;
  };
  return parse("--until", options_.until, until_) && parse("--at", options_.at, at_);
}

bool Replay::look_again(engine::Instant at, wire::RuleName rule, wire::WhyReport& report) {
  // The first pass has shown after which line late news could last reach the instant: that is what there is to know.
  counting_ = false;
  start();
  for (std::size_t done = 0; done < look_after_; ++done) take(reports_.items()[done]);
  if (session_->engine().clock() < at) step_clock(at);
  return wire::look_at_rule(session_->engine(), session_->image(), rule, at, report);
}

void Replay::note_contact(const wire::InputView& line) {
  const bool contact = line.kind == engine::InputKind::report || line.kind == engine::InputKind::heartbeat;
  if (!contact || line.time > *at_) return;
  engine::Instant& newest = contacts_.try_emplace(std::string{line.feed}, line.time).first->second;
  newest = std::max(newest, line.time);
}

void Replay::add_contacts(wire::WhyReport& report) const {
  const engine::Image& image = session_->image();
  for (auto& feed : report.feeds) {
    const auto& known = image.feeds[feed.feed];
    const auto found = contacts_.find(image.view(known.name));
    if (feed.last_contact != engine::kNever || found == contacts_.end()) continue;
    const bool overdue = found->second <= report.at - known.every_ms - known.grace_ms;
    if (!feed.overdue || overdue) feed.last_contact = found->second;  // else it was withdrawn
  }
}

int Replay::explain() {
  const auto rule = wire::find_rule(session_->image(), options_.why);
  if (!rule.found()) {
    complain(options_.book + ": " + no_such_rule(session_->image(), options_.why));
    return static_cast<int>(Exit::bad_usage);
  }
  step_all();
  if (!began_) {
    complain("there is nothing to look at: no line has a time, and --until says none");
    return static_cast<int>(Exit::bad_input);
  }
  auto& engine = session_->engine();
  const engine::Instant at = at_.value_or(engine.clock());
  if (at < engine.first_instant()) {
    complain("--at " + options_.at + " is before the first instant (" + text::format_instant(engine.first_instant()) +
             "), where everything is false; ask for a later one");
    return static_cast<int>(Exit::bad_usage);
  }
  wire::WhyReport report;
  bool seen = false;
  if (engine.reach() <= at) {
    if (engine.clock() < at) step_clock(at);
    seen = wire::look_at_rule(engine, session_->image(), rule, at, report);
  } else {
    seen = look_again(at, rule, report);
  }
  if (!seen) {
    complain("--at " + options_.at + ": the engine cannot look there");
    return static_cast<int>(Exit::bad_input);
  }
  add_contacts(report);
  const std::string answer =
      options_.why_json ? why_json(session_->image(), report) + "\n" : why_text(session_->image(), report, palette_);
  std::fwrite(answer.data(), 1, answer.size(), stdout);
  return static_cast<int>(Exit::done);
}

int Replay::run() {
  if (!parse_times()) return static_cast<int>(Exit::bad_usage);
  if (options_.status == "exercise") mode_ = {.label = engine::Status::exercise, .evaluate_exercise = true};
  if (options_.status == "test") mode_ = {.label = engine::Status::test, .evaluate_test = true};
  if (!prepare()) return static_cast<int>(Exit::bad_input);
  int status = static_cast<int>(Exit::done);
  if (options_.why.empty()) {
    step_all();
  } else if (status = explain(); status != static_cast<int>(Exit::done)) {
    return status;
  }
  const bool written = std::fflush(stdout) == 0;
  if (!written) complain("stdout: cannot be written");
  complaints_.finish();
  summarise();
  return static_cast<int>(reports_.bad() == 0 && refused_ == 0 && written ? Exit::done : Exit::bad_input);
}
}  // namespace

int run_replay(const ReplayOptions& options) { return Replay{options}.run(); }
}  // namespace tocsin::tools
