// SPDX-License-Identifier: Apache-2.0
#include "verbs/import.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/journal/journal.hpp"
#include "tocsin/wire/alert_codec.hpp"

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
constexpr std::size_t kItemsPerBatch = 256;
constexpr const char* kPrincipal = "import";

std::optional<engine::Mode> mode_of(const std::string& status) {
  if (status == "actual") return engine::Mode{.label = engine::Status::actual};
  if (status == "exercise") return engine::Mode{.label = engine::Status::exercise, .evaluate_exercise = true};
  if (status == "test") return engine::Mode{.label = engine::Status::test, .evaluate_test = true};
  return std::nullopt;
}

void remove_journal(const std::string& path) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix, ignored);
}

class Import {
 public:
  explicit Import(const ImportOptions& options) : options_{options}, complaints_{options.errors_max} {}
  ~Import() {
    journal_.reset();
    if (!draft_.empty()) remove_journal(draft_);
  }
  Import(const Import&) = delete;
  Import& operator=(const Import&) = delete;
  Import(Import&&) = delete;
  Import& operator=(Import&&) = delete;
  int run();

 private:
  [[nodiscard]] bool prepare();
  [[nodiscard]] bool look_at_place();
  [[nodiscard]] bool open_draft();
  [[nodiscard]] bool step_all();
  void step(const Reports::Item& item);
  void keep_events();
  [[nodiscard]] bool commit();
  [[nodiscard]] bool put_in_place();
  void summarise() const;
  void tell_new_key() const;
  bool complain(const std::string& text) const {
    std::fprintf(stderr, "%s\n", text.c_str());
    return false;
  }
  bool complain(const journal::Outcome& outcome) const { return complain(outcome->text); }

  const ImportOptions& options_;
  Complaints complaints_;
  Reports reports_;
  LoadedBook book_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<journal::Journal> former_;  ///< the empty journal that was there: held until it is replaced
  std::unique_ptr<journal::Journal> journal_;
  std::string draft_;
  std::string new_key_;  ///< the key file, when this run made it
  std::uint16_t principal_ = 0;

  std::deque<text::Line> lines_;  ///< of the batch being filled; items point into them
  std::vector<wire::JournalItem> items_;
  std::deque<std::vector<std::byte>> bodies_;
  std::vector<journal::StoredAlert> alerts_;
  engine::AlertEvent event_;
  std::vector<std::uint64_t> arena_ = std::vector<std::uint64_t>(wire::kAlertBytesMax / sizeof(std::uint64_t));
  std::uint64_t inputs_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t refused_ = 0;
};

bool Import::prepare() {
  const bool loaded = load_book(options_.book, options_.target, book_);
  std::fputs(book_.messages.c_str(), stderr);
  if (!loaded) return false;
  std::string error;
  session_ = Session::open(book_.image, error);
  if (!session_) {
    return complain(options_.book + ": not a usable rule image: " + error +
                    "; compile the book again with this version");
  }
  const auto complain_of = [this](const std::string& text) { complaints_.add(text); };
  if (!reports_.read(options_.reports, complain_of) || reports_.bad() != 0) return false;
  if (reports_.first_instant()) return true;
  return complain("the files hold no line: there is nothing to import");
}

bool Import::look_at_place() {
  if (!std::filesystem::exists(options_.journal)) return true;
  journal::JournalError error;
  journal::OpenOptions open;
  open.keys = options_.keys;
  former_ = journal::Journal::open(options_.journal, open, error);
  if (!former_) return complain(error.text);
  if (former_->last_batch_id() == 0 && former_->last_alert_number() == 0 &&
      former_->first_instant() == engine::kNever) {
    return true;
  }
  return complain(options_.journal +
                  ": this journal has begun already, and history comes first or not at all; import "
                  "into a new one");
}

bool Import::open_draft() {
  draft_ = options_.journal + ".import";
  remove_journal(draft_);
  journal::JournalError error;
  journal::OpenOptions open;
  open.keys = options_.keys.empty() ? options_.journal + ".key" : options_.keys;
  const bool has_key = std::filesystem::exists(open.keys);
  (void)::umask(::umask(0) | S_IRWXO);  // SQLite would let everybody read what the daemon keeps from most
  journal_ = journal::Journal::open(draft_, open, error);
  if (!journal_) return complain(error.text);
  if (!has_key) new_key_ = open.keys;
  if (const auto outcome = journal_->store_image(session_->image().book_hash, book_.image)) return complain(outcome);
  principal_ = journal_->principal_id(kPrincipal);
  return true;
}

void Import::keep_events() {
  wire::AlertContext context;
  context.site = options_.site;
  context.history = true;
  while (session_->engine().next_event(event_)) {
    context.number = ++events_;
    const auto bytes =
        wire::encode_alert(event_, session_->image(), context, std::as_writable_bytes(std::span{arena_}));
    const auto& kept = bodies_.emplace_back(bytes.begin(), bytes.end());
    alerts_.push_back({events_, event_.at, kept});
  }
}

void Import::step(const Reports::Item& item) {
  const auto& view = lines_.emplace_back(reports_.parse(item)).view();
  engine::Input input;
  auto& engine = session_->engine();
  auto refusal = wire::bind(view, session_->image(), engine.clock(), input);
  if (refusal == wire::Refusal::none) {
    const auto disposition = engine.step(input);
    items_.push_back({view, engine.clock(), disposition, principal_});
    ++inputs_;
    keep_events();
    if (disposition == engine::Disposition::reused) refusal = wire::Refusal::reused_seq;
    if (disposition == engine::Disposition::full) refusal = wire::Refusal::full;
  }
  if (refusal == wire::Refusal::none) return;
  ++refused_;
  complaints_.add(reports_.where(item) + ": refused: " + refusal_text(refusal, view, session_->image()));
}

bool Import::commit() {
  journal::CommitBatch batch;
  batch.items = items_;
  batch.alerts = alerts_;
  batch.clock = session_->engine().clock();
  batch.first_instant = session_->engine().first_instant();
  const auto outcome = journal_->commit(batch);
  items_.clear();
  alerts_.clear();
  bodies_.clear();
  lines_.clear();
  return outcome ? complain(outcome) : true;
}

bool Import::step_all() {
  session_->start(*reports_.first_instant(), *mode_of(options_.status));
  Progress progress{"import", reports_.items().size(), "lines"};
  std::size_t done = 0;
  for (const auto& item : reports_.items()) {
    step(item);
    if (++done % kItemsPerBatch != 0) continue;
    progress.update(done);
    if (!commit()) return false;
  }
  if (!items_.empty() && !commit()) return false;
  if (refused_ != 0) return false;
  std::string text = std::to_string(inputs_) + " inputs from";
  for (const auto& file : options_.reports) text += " " + file;
  const journal::Act act{session_->engine().clock(), kPrincipal, "import", text};
  journal::CommitBatch last;
  last.acts = {&act, 1};
  last.clock = session_->engine().clock();
  const auto outcome = journal_->commit(last);
  return outcome ? complain(outcome) : true;
}

bool Import::put_in_place() {
  if (const auto outcome = journal_->sign_head()) return complain(outcome);
  journal_.reset();
  former_.reset();
  if (::rename(draft_.c_str(), options_.journal.c_str()) != 0) {
    return complain(options_.journal + ": cannot be put in place (" + std::strerror(errno) + ")");
  }
  draft_.clear();
  const auto folder = std::filesystem::path{options_.journal}.parent_path();
  const int handle = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = handle >= 0 && ::fsync(handle) == 0;
  if (handle >= 0) (void)::close(handle);
  return synced || complain(options_.journal + ": its folder cannot be synced (" + std::strerror(errno) + ")");
}

void Import::summarise() const {
  const auto& engine = session_->engine();
  if (options_.json) {
    JsonObject object;
    object.number("inputs", inputs_).number("events", events_);
    object.instant("first_instant", engine.first_instant()).instant("clock", engine.clock());
    if (!new_key_.empty()) object.text("new_key", new_key_);
    std::fprintf(stdout, "%s\n", object.str().c_str());
    return;
  }
  std::fprintf(stderr, "import: %s, %s to %s, with %s of history in %s\n", counted(inputs_, "input", "inputs").c_str(),
               text::format_instant(engine.first_instant()).c_str(), text::format_instant(engine.clock()).c_str(),
               counted(events_, "alert event", "alert events").c_str(), options_.journal.c_str());
  if (!new_key_.empty()) tell_new_key();
}

void Import::tell_new_key() const {
  std::fprintf(
      stderr,
      "import: made the journal's key file %s: keep a copy in another place. The daemon goes on with no other: it "
      "looks for it there, or as journal.key in the folder under [keys]\n",
      new_key_.c_str());
}

int Import::run() {
  if (!mode_of(options_.status)) {
    std::fprintf(stderr, "--status %s: there are actual, exercise, test\n", options_.status.c_str());
    return static_cast<int>(Exit::bad_usage);
  }
  const bool done = look_at_place() && prepare() && open_draft() && step_all() && put_in_place();
  complaints_.finish();
  if (done) {
    summarise();
  } else if (refused_ != 0 || reports_.bad() != 0) {
    std::fprintf(stderr, "import: nothing was stored: mend or leave out what was refused\n");
  }
  if (!done && !new_key_.empty()) tell_new_key();
  return static_cast<int>(done ? Exit::done : Exit::bad_input);
}
}  // namespace

int run_import(const ImportOptions& options) { return Import{options}.run(); }
}  // namespace tocsin::tools
