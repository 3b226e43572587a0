// SPDX-License-Identifier: Apache-2.0
#include "verbs/replay.hpp"

#include <array>
#include <chrono>
#include <cstdio>
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
  bool prepare();
  void step_all();
  void step_clock(engine::Instant to);
  void take(const Reports::Item& item);
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
  ++events_;
  const std::string text =
      options_.pretty ? alert_text(alert, {.palette = palette_}) + "\n" : text::format_alert(alert) + "\n";
  if (progress_) progress_->clear();
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void Replay::take(const Reports::Item& item) {
  const text::Line line = reports_.parse(item);
  const auto outcome = session_->step_each(line.view(), [this](const wire::AlertRecord& alert) { print(alert); });
  if (outcome.refusal == wire::Refusal::none) {
    ++counts_[static_cast<std::size_t>(outcome.disposition)];
    return;
  }
  ++refused_;
  complain_of_line(reports_.where(item) +
                   ": refused: " + refusal_text(outcome.refusal, line.view(), session_->image()));
}

void Replay::step_clock(engine::Instant to) {
  wire::InputView clock;
  clock.kind = engine::InputKind::clock;
  clock.time = to;
  session_->step_each(clock, [this](const wire::AlertRecord& alert) { print(alert); });
}

void Replay::step_all() {
  const auto first = reports_.first_instant();
  began_ = first || until_;
  if (!began_) return;
  session_->start(first ? *first : *until_, mode_);
  if (first && options_.start_clock && !reports_.starts_with_clock()) step_clock(*first);
  progress_ = std::make_unique<Progress>("replay", reports_.items().size(), "lines");
  std::uint64_t done = 0;
  for (const Reports::Item& item : reports_.items()) {
    take(item);
    if (++done % 256 == 0) progress_->update(done);
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

int Replay::run() {
  if (!options_.until.empty()) {
    engine::Instant until = 0;
    if (!text::parse_instant(options_.until, until)) {
      complain("--until " + options_.until + ": not a time; write it like 2024-06-01T00:00:00Z (UTC)");
      return static_cast<int>(Exit::bad_usage);
    }
    until_ = until;
  }
  if (options_.status == "exercise") mode_ = {.label = engine::Status::exercise, .evaluate_exercise = true};
  if (options_.status == "test") mode_ = {.label = engine::Status::test, .evaluate_test = true};
  if (!prepare()) return static_cast<int>(Exit::bad_input);
  step_all();
  const bool written = std::fflush(stdout) == 0;
  if (!written) complain("stdout: cannot be written");
  complaints_.finish();
  summarise();
  return static_cast<int>(reports_.bad() == 0 && refused_ == 0 && written ? Exit::done : Exit::bad_input);
}
}  // namespace

int run_replay(const ReplayOptions& options) { return Replay{options}.run(); }
}  // namespace tocsin::tools
