// SPDX-License-Identifier: Apache-2.0
#include "tocsin/daemon/core.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <sys/mman.h>
#include <utility>

#include "tocsin/daemon/log.hpp"
#include "tocsin/engine/base/check.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "alarms.hpp"
#include "authority.hpp"
#include "near_name.hpp"
#include "reload.hpp"
#include "rule_reach.hpp"
#include "secrets.hpp"
#include "shelves.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::uint64_t kSeqJumpMax = 1ULL << 20U;
constexpr std::size_t kRightsExcerpt = 64;
constexpr std::size_t kFrameExcerpt = 16;

bool may(const Principal& principal, const engine::Input& input) {
  if (input.kind == engine::InputKind::clock || principal.rights == nullptr) return true;
  const auto& rights = *principal.rights;
  if (!rights.may_feed(input.feed)) return false;
  if (input.kind == engine::InputKind::retraction) return rights.may_retract;
  if (input.kind != engine::InputKind::report) return true;
  return rights.may_indicate(input.indicator) && rights.may_value(input.indicator, input.value);
}

std::string hex_excerpt(std::span<const std::byte> bytes) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "size=" + std::to_string(bytes.size()) + " starts=";
  for (const auto byte : bytes.first(std::min(bytes.size(), kFrameExcerpt))) {
    text += kHex[std::to_integer<unsigned>(byte) >> 4U];
    text += kHex[std::to_integer<unsigned>(byte) & 0xFU];
  }
  return text;
}

std::string refusal_text(const wire::InputView& view, wire::Refusal refusal) {
  std::string text = wire::sentence_of(refusal);
  if (!view.feed.empty()) text += " (feed \"" + printable(view.feed, kRightsExcerpt) + "\"";
  if (!view.feed.empty() && !view.indicator.empty())
    text += ", indicator \"" + printable(view.indicator, kRightsExcerpt) + "\"";
  if (!view.feed.empty()) text += ")";
  return text;
}
}  // namespace

Core::Core(const Config& config, const MachineClock& machine)
    : config_{config},
      engine_clock_{machine, config.believe_ms},
      alarms_{std::make_unique<Alarms>()},
      shelves_{std::make_unique<Shelves>()},
      alert_arena_(wire::kAlertBytesMax / sizeof(std::uint64_t)),
      twin_arena_(wire::kAlertBytesMax / sizeof(std::uint64_t)) {}

Core::~Core() {
  if (block_ != nullptr) (void)::munmap(block_, block_bytes_);
}

std::string Core::map_block_() {
  // Untouched pages cost nothing, and a large book's block is mostly untouched.
  block_bytes_ = engine::layout_of(image()).block_bytes;
  void* memory =
      ::mmap(nullptr, block_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    return "no memory for the engine's " + std::to_string(block_bytes_) +
           " bytes; compile the book for a smaller target";
  }
  block_ = static_cast<std::byte*>(memory);
  return {};
}

std::size_t batch_bytes(const BoundsConfig& bounds, const engine::Image& image) {
  constexpr std::size_t kEdgeBytes = 1024 * 1024;  // what `tocsin compile --target edge` lets the engine take
  constexpr std::size_t kSmall = 64 * 1024;
  if (bounds.batch_bytes > 0) return bounds.batch_bytes;
  return engine::layout_of(image).block_bytes <= kEdgeBytes ? kSmall : Batch::kBytesMax;
}

std::string Core::open(const std::string& vfs, const GoOn& go_on) {
  if (auto error = image_file_.load(config_.image); !error.empty()) return error;
  const auto bytes = batch_bytes(config_.bounds, image());
  slabs_ = {Batch{bytes}, Batch{bytes}};
  if (auto error = map_block_(); !error.empty()) return error;
  engine_.emplace(image(), std::span{block_, block_bytes_});
  feeds_.assign(image().feeds.size(), {});
  journal::JournalError error;
  journal::OpenOptions options;
  options.vfs = vfs;
  constexpr std::uint64_t kPage = 4096;
  const auto& bounds = config_.journal_bounds;
  options.max_page_count = config_.bounds.journal_pages;
  if (bounds.bytes_max > 0) options.max_page_count = static_cast<std::uint32_t>(bounds.bytes_max / kPage);
  options.retain_age_ms = bounds.retain_age_ms;
  options.retain_bytes = bounds.retain_bytes;
  options.cache_pages = bounds.cache_pages;
  if (!config_.keys.folder.empty()) options.keys = secret_path(config_.keys.folder, "journal.key");
  journal_ = journal::Journal::open(config_.journal, options, error);
  if (!journal_) return error.text;
  authority_ = std::make_unique<Authority>(config_, image(), nullptr);
  for (const auto& rights : authority_->all()) {
    principals_.push_back({rights.name, journal_->principal_id(rights.name), &rights});
  }
  BookChange change;  // who subscribes later asks for it by its numbers
  if (auto failed = recover_(go_on, change); !failed.empty()) return failed;
  return adopt_book_();
}

void Core::start_engine_(engine::Instant first) {
  engine::Mode mode;
  mode.label = config_.label;
  mode.evaluate_exercise = config_.label == engine::Status::exercise;
  mode.evaluate_test = config_.label == engine::Status::test;
  engine_->start(first, mode);
  started_ = true;
}

Principal Core::principal(const std::string& name) {
  const auto* known = principal_of(name);
  return known != nullptr ? *known : Principal{name, journal_->principal_id(name), nullptr};
}

const Principal* Core::principal_of(std::string_view user_id) const {
  const auto* rights = authority_->of(user_id);
  return rights == nullptr ? nullptr : &principals_[rights->index];
}

bool Core::read_frame(std::span<const std::byte> bytes, const Principal& principal, wire::BatchReader& reader) {
  if (bytes.size() <= wire::kFrameBytesMax) {
    if (in_trouble()) clear_batch();  // of the frame before nothing is kept
    // libzmq hands out frames at any address; numbers in a FlatBuffer need aligned ones.
    const auto storage = slabs_[filling_].reserve(bytes.size());
    if (!bytes.empty()) std::memcpy(storage.data(), bytes.data(), bytes.size());
    if (reader.open(storage) && reader.count() <= wire::kFrameItemsMax) return true;
  }
  count_refusal(principal, wire::Refusal::malformed, hex_excerpt(bytes));
  return false;
}

void Core::count_refusal(const Principal& principal, wire::Refusal reason, std::string_view sample) {
  if (!refusals_.count(principal.name, reason, sample)) return;
  LogLine(Severity::warning, "refused")
      .field("principal", principal.name)
      .field("reason", wire::name_of(reason))
      .field("sample", sample);
}

engine::Instant Core::read_clock() {
  return config_.clock == ClockSource::system ? engine_clock_.now() : engine::kNever;
}

void Core::take(const wire::BatchReader& reader, const Principal& principal, engine::Instant received,
                std::vector<wire::RefusedItem>& refused) {
  for (std::size_t index = 0; index < reader.count(); ++index) {
    wire::InputView view;
    wire::Refusal refusal = reader.item(index, view);
    if (refusal == wire::Refusal::none) refusal = decide_(view, principal, received);
    if (refusal == wire::Refusal::none) continue;
    count_refusal(principal, refusal, sample_of(view));
    if (const auto feed = image().find_feed(view.feed); feed != engine::kNone) {
      ++feeds_[feed].rejected;
      ++feeds_[feed].rejected_by.at(static_cast<std::size_t>(refusal));
    }
    refused.push_back({reader.frame(), static_cast<std::uint32_t>(index), refusal, wire::is_retry(refusal),
                       refusal_text(view, refusal)});
  }
}

bool Core::jumps_(const wire::InputView& view, const engine::Input& input) const {
  if (!view.seq || input.feed == engine::kNone) return false;
  const auto& feed = feeds_[input.feed];
  return feed.any && !feed.jump_allowed && *view.seq > feed.mark && *view.seq - feed.mark > kSeqJumpMax;
}

wire::Refusal Core::examine_(const wire::InputView& view, const Principal& principal, engine::Instant now,
                             engine::Input& input) {
  const bool system = config_.clock == ClockSource::system;
  if (system && view.kind == engine::InputKind::clock) return wire::Refusal::bad_field;
  if (!system) now = started_ ? engine_->clock() : view.time;
  const auto refusal = wire::bind_checked(view, image(), now, input);
  if (refusal != wire::Refusal::none) return refusal;
  if (!may(principal, input)) return wire::Refusal::not_authorised;
  if (system && engine_clock_.trusted() && view.time > now + config_.max_skew_ms) return wire::Refusal::too_far_ahead;
  if (jumps_(view, input)) return wire::Refusal::seq_jump;
  if (system) input.received = now;  // what the sender says is kept in the journal, but our clock is ours
  return wire::Refusal::none;
}

wire::Refusal Core::decide_(const wire::InputView& view, const Principal& principal, engine::Instant now) {
  engine::Input input;
  const auto refusal = examine_(view, principal, now, input);
  if (refusal != wire::Refusal::none) return refusal;
  if (!started_) start_engine_(view.time);
  const auto disposition = engine_->step(input);
  const std::size_t events = collect_events_();
  switch (disposition) {
    case engine::Disposition::taken:
    case engine::Disposition::stale:
    case engine::Disposition::withdrawn:
    case engine::Disposition::not_evaluated:
      keep_(view, input, disposition, principal.journal_id);
      return wire::Refusal::none;
    case engine::Disposition::duplicate:
    case engine::Disposition::reused:
    case engine::Disposition::full:
      break;
  }
  // Nothing of it counts, but the clock moved on and that may have raised something: a replay needs to know when.
  if (events > 0) keep_clock_(engine_->clock());
  if (disposition == engine::Disposition::reused) return wire::Refusal::reused_seq;
  return disposition == engine::Disposition::full ? wire::Refusal::full : wire::Refusal::none;
}

void Core::keep_(const wire::InputView& view, const engine::Input& input, engine::Disposition disposition,
                 std::uint16_t principal) {
  if (!in_trouble()) {
    wire::JournalItem& item = slabs_[filling_].add(view);
    item.clock = engine_->clock();
    item.disposition = disposition;
    item.principal = principal;
  }
  if (!view.seq || input.feed == engine::kNone) return;
  auto& feed = feeds_[input.feed];
  feed.mark = feed.any ? std::max(feed.mark, *view.seq) : *view.seq;
  feed.any = true;
  feed.jump_allowed = false;
  if (view.kind == engine::InputKind::report && disposition == engine::Disposition::taken) ++feed.reports;
  if (view.kind == engine::InputKind::report) take_lag_(input);
}

void Core::keep_clock_(engine::Instant now) {
  if (in_trouble()) return;
  wire::InputView line;
  line.kind = engine::InputKind::clock;
  line.time = now;
  slabs_[filling_].add(line).clock = now;
}

std::size_t Core::collect_events_() {
  std::size_t count = 0;
  for (; engine_->next_event(event_); ++count) keep_event_();
  if (count > 0) watch_shelves();
  return count;
}

void Core::keep_event_() {
  // What it will be told as if the journal fails is made now: the event itself is gone by then.
  wire::AlertContext context;
  context.site = config_.site;
  find_lost_feeds_();
  context.lost_feeds = lost_feeds_;
  context.not_journaled = true;
  context.shelved = is_shelved_(event_, image());
  Announcement announcement{event_.alert, event_.level, event_.at, {}};
  announcement.unjournaled =
      wire::encode_alert(event_, image(), context, std::as_writable_bytes(std::span{twin_arena_}));
  TOCSIN_CHECK(!announcement.unjournaled.empty());
  if (in_trouble()) {
    if (listener_ != nullptr) listener_->unjournaled(announcement);
    return;
  }
  context.not_journaled = false;
  if (listener_ != nullptr) listener_->decided(event_, context);
  context.number = next_alert_;
  const auto bytes = wire::encode_alert(event_, image(), context, std::as_writable_bytes(std::span{alert_arena_}));
  TOCSIN_CHECK(!bytes.empty());
  slabs_[filling_].add({next_alert_++, event_.at, bytes}, announcement);
}

void Core::advance() {
  if (!started_ || config_.clock != ClockSource::system) return;
  const engine::Instant now = engine_clock_.now();
  if (engine_->next_due() <= now) advance_to_(now);
}

void Core::advance_to_(engine::Instant now) {
  engine::Input input;
  input.kind = engine::InputKind::clock;
  input.time = now;
  input.received = now;
  (void)engine_->step(input);
  if (collect_events_() > 0) keep_clock_(now);
}

engine::Span Core::until_due(engine::Span most) {
  if (!started_ || config_.clock != ClockSource::system) return most;
  const engine::Instant due = engine_->next_due();
  if (due == engine::kForever) return most;
  return std::clamp<engine::Span>(due - engine_clock_.now(), 0, most);
}

std::optional<wire::FeedStatus> Core::hello(std::string_view feed, bool may_jump) {
  const auto index = image().find_feed(feed);
  if (index == engine::kNone) return std::nullopt;
  auto& state = feeds_[index];
  if (may_jump) state.jump_allowed = true;
  wire::FeedStatus status;
  status.name = feed;
  status.mark = state.mark;
  status.any = state.any;
  status.reports = state.reports;
  return status;
}

std::string Core::no_such_rule_(std::string_view name) const {
  std::vector<std::string_view> known;
  for (const auto& alert : image().alerts) known.push_back(image().view(alert.name));
  for (const auto& condition : image().conditions) known.push_back(image().view(condition.name));
  return "the book has no alert, linkage or condition \"" + printable(name, wire::kNameBytesMax) + "\"" +
         did_you_mean(name, known);
}

std::string Core::why(const wire::ControlRequest& request, wire::ControlReply& reply) {
  const auto rule = wire::find_rule(image(), request.name);
  if (!rule.found()) {
    reply.unknown_name = true;
    return no_such_rule_(request.name);
  }
  if (!started_) return "nothing was received yet, so nothing is known: ask again after the first report";
  // Between inputs the engine's clock stands still until something is due, but the question is about now.
  if (config_.clock == ClockSource::system && (has_room() || in_trouble())) {
    if (const engine::Instant now = engine_clock_.now(); now > engine_->clock()) advance_to_(now);
  }
  const engine::Instant at = request.at.value_or(engine_->clock());
  wire::WhyAnswer answer;
  if (!wire::look_at_rule(*engine_, image(), rule, at, answer.report)) {
    const bool future = at > engine_->clock();
    return future ? "that instant is after the daemon's clock: leave `at` out to ask about now"
                  : "that instant is further back than the engine remembers: replay the journal's inputs with --why";
  }
  const auto bytes = image_file_.bytes();
  answer.image.assign(bytes.begin(), bytes.end());
  reply.why = std::move(answer);
  return {};
}

}  // namespace tocsin::daemon
