// SPDX-License-Identifier: Apache-2.0
#include "reload.hpp"

#include <algorithm>
#include <string_view>
#include <sys/mman.h>
#include <utility>

#include "tocsin/wire/batch_codec.hpp"

namespace tocsin::daemon {
Book::~Book() {
  if (block != nullptr) (void)::munmap(block, block_bytes);
}

std::string Book::map() {
  // Untouched pages cost nothing, and a large book's block is mostly untouched.
  block_bytes = engine::layout_of(image()).block_bytes;
  void* memory =
      ::mmap(nullptr, block_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    return "no memory for the engine's " + std::to_string(block_bytes) +
           " bytes; compile the book for a smaller target";
  }
  block = static_cast<std::byte*>(memory);
  engine.emplace(image(), std::span{block, block_bytes});
  return {};
}

void Book::start(engine::Instant first, engine::Status label) {
  engine::Mode mode;
  mode.label = label;
  mode.evaluate_exercise = label == engine::Status::exercise;
  mode.evaluate_test = label == engine::Status::test;
  engine->start(first, mode);
  started = true;
}

Successor::Successor(engine::Status label) : label_{label} {}
Successor::~Successor() = default;

std::string Successor::load(const std::string& path) {
  book_ = std::make_unique<Book>();
  from_file_ = true;
  if (auto error = book_->file.load(path); !error.empty()) return error;
  return book_->map();
}

std::string Successor::load(std::span<const std::byte> image, const std::string& what) {
  book_ = std::make_unique<Book>();
  from_file_ = false;
  if (auto error = book_->file.load(image, what); !error.empty()) return error;
  return book_->map();
}

void Successor::take(std::unique_ptr<Book> book) { book_ = std::move(book); }

std::string Successor::lacks(const Config& config) const {
  std::vector<ConfigProblem> problems;
  if (check_against_book(config, image(), problems)) return {};
  const auto wrong = std::find_if(problems.begin(), problems.end(), [](const auto& one) { return !one.warning; });
  return wrong == problems.end() ? "the config names what the book lacks" : "the config: " + wrong->text;
}

Successor::Progress Successor::warm(journal::Journal& journal, std::size_t items, std::uint64_t last) {
  const std::uint64_t enough = items > UINT64_MAX - items_ ? UINT64_MAX : items_ + items;
  bool more = false;
  const engine::Instant first = journal.first_instant();
  const auto outcome = journal.read_batches(after_, [&](const journal::StoredBatch& batch) {
    if (batch.id > last) return false;
    if (items_ >= enough) {
      more = true;
      return false;
    }
    step_over_(batch, first);
    return true;
  });
  if (outcome) {
    error_ = outcome->text;
    return Progress::failed;
  }
  return more ? Progress::more : Progress::level;
}

void Successor::step_over_(const journal::StoredBatch& batch, engine::Instant first) {
  after_ = batch.id;
  wire::JournalBatchReader reader;
  if (!reader.open(batch.bytes)) return;
  for (std::size_t index = 0; index < reader.count(); ++index) {
    wire::JournalItem item;
    if (!reader.next(item)) continue;
    ++items_;
    // Before what history is left nothing is known: that is no silence.
    if (!book_->started) book_->start(batch.id == 1 && first != engine::kNever ? first : item.clock, label_);
    // What did not count then does not count now: late news must mean the same to rules that both books have.
    if (item.disposition != engine::Disposition::taken && item.disposition != engine::Disposition::withdrawn) continue;
    engine::Input input;
    if (wire::bind_checked(item.input, image(), item.clock, input) != wire::Refusal::none) continue;
    input.received = item.clock;
    (void)book_->engine->step(input);
  }
}

namespace {
/// A raised alert's end that no rule decided.
Said clear_of(const engine::Image& image, const engine::Engine& engine, std::uint16_t alert, engine::Status label) {
  const auto state = engine.alert_state(alert);
  Said said;
  said.by_book = true;
  said.notify = true;
  auto& event = said.event;
  event.kind = engine::EventKind::cleared;
  event.level = state.level;
  event.status = label;
  event.alert = alert;
  event.rev = engine.episode_rev(alert);
  event.raised_at = state.raised_at;
  event.at = engine.clock();
  event.detected_at = engine.clock();
  std::size_t place = 0;
  for (const std::uint16_t theater : image.list(image.alerts[alert].theaters))
    event.theater_levels.at(place++) = engine.theater_level(theater);
  return said;
}

bool begins_episode(const Said& said, std::uint16_t alert, engine::Instant raised_at) {
  return said.event.alert == alert && said.event.kind == engine::EventKind::raised && said.event.raised_at == raised_at;
}
}  // namespace

void Successor::take_over(const engine::Image& old_image, engine::Engine& old, std::vector<Said>& said) {
  auto& engine = *book_->engine;
  if (!book_->started) book_->start(old.first_instant(), label_);
  if (engine.clock() < old.clock()) {
    engine::Input now;
    now.kind = engine::InputKind::clock;
    now.time = old.clock();
    now.received = now.time;
    (void)engine.step(now);
  }
  engine::AlertEvent event;
  while (engine.next_event(event)) continue;  // its words on the way here are nobody's business

  std::vector<Said> clears;
  for (std::uint16_t i = 0; i < old_image.alerts.size(); ++i) {
    if (old.alert_state(i).raised) clears.push_back(clear_of(old_image, old, i, label_));
  }
  const auto was_raised = [&](std::uint16_t alert) {
    const auto name = image().view(image().alerts[alert].name);
    return std::any_of(clears.begin(), clears.end(), [&](const Said& clear) {
      return old_image.view(old_image.alerts[clear.event.alert].name) == name;
    });
  };
  std::vector<std::uint64_t> work(engine::transplant_words(old_image, image()));
  engine::transplant(old, engine, work);
  std::vector<Said> fresh;
  while (engine.next_event(event)) {
    const bool now = event.kind == engine::EventKind::retracted || event.kind == engine::EventKind::unknown ||
                     event.kind == engine::EventKind::known;
    fresh.push_back({event, false, !now, now || was_raised(event.alert)});
  }
  std::erase_if(clears, [&](const Said& clear) {
    const auto alert = image().find_alert(old_image.view(old_image.alerts[clear.event.alert].name));
    if (alert == engine::kNone) return false;
    const auto state = engine.alert_state(alert);
    return state.raised && std::none_of(fresh.begin(), fresh.end(),
                                        [&](const Said& one) { return begins_episode(one, alert, state.raised_at); });
  });
  said = std::move(clears);
  said.insert(said.end(), fresh.begin(), fresh.end());
}
}  // namespace tocsin::daemon
