// SPDX-License-Identifier: Apache-2.0
#include "lib/session.hpp"

#include <cstring>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::tools {
namespace {
/// Memory in words of eight bytes: the alignment that image, engine block and codecs ask for.
using Words = std::vector<std::uint64_t>;

Words words_for(std::size_t bytes) { return Words((bytes + 7) / 8); }
}  // namespace

struct Session::Parts {
  Words image_words;
  engine::Image image;
  Words block;
  Words arena = words_for(wire::kAlertBytesMax);
  std::optional<engine::Engine> engine;
  engine::AlertEvent event;
  wire::AlertRecord record;
};

Session::Session() : parts_{std::make_unique<Parts>()} {}
Session::~Session() = default;

std::unique_ptr<Session> Session::open(std::span<const std::byte> image_bytes, std::string& error) {
  std::unique_ptr<Session> session{new Session};
  Parts& parts = *session->parts_;
  parts.image_words = words_for(image_bytes.size());
  if (!image_bytes.empty()) std::memcpy(parts.image_words.data(), image_bytes.data(), image_bytes.size());
  const auto bytes = std::as_bytes(std::span{parts.image_words}).first(image_bytes.size());
  const engine::ImageError refused = engine::load_image(bytes, parts.image);
  if (refused != engine::ImageError::none) {
    error = engine::describe(refused);
    return nullptr;
  }
  parts.block = words_for(engine::layout_of(parts.image).block_bytes);
  parts.engine.emplace(parts.image, std::as_writable_bytes(std::span{parts.block}));
  return session;
}

void Session::start(engine::Instant first, const engine::Mode& mode) { parts_->engine->start(first, mode); }

StepOutcome Session::take(const wire::InputView& line) {
  Parts& parts = *parts_;
  StepOutcome outcome;
  engine::Input input;
  outcome.refusal = wire::bind(line, parts.image, parts.engine->clock(), input);
  if (outcome.refusal != wire::Refusal::none) return outcome;
  outcome.disposition = parts.engine->step(input);
  if (outcome.disposition == engine::Disposition::reused) outcome.refusal = wire::Refusal::reused_seq;
  if (outcome.disposition == engine::Disposition::full) outcome.refusal = wire::Refusal::full;
  return outcome;
}

const wire::AlertRecord* Session::next() {
  Parts& parts = *parts_;
  if (!parts.engine->next_event(parts.event)) return nullptr;
  const auto bytes = wire::encode_alert(parts.event, parts.image, {}, std::as_writable_bytes(std::span{parts.arena}));
  auto decoded = wire::decode_alert(bytes);
  TOCSIN_CHECK(decoded.has_value());
  parts.record = std::move(*decoded);
  return &parts.record;
}

StepOutcome Session::step(const wire::InputView& line, std::vector<wire::AlertRecord>& events) {
  return step_each(line, [&](const wire::AlertRecord& event) { events.push_back(event); });
}

void Session::advance(engine::Instant to, std::vector<wire::AlertRecord>& events) {
  wire::InputView clock;
  clock.kind = engine::InputKind::clock;
  clock.time = to;
  step(clock, events);
}

const engine::Image& Session::image() const { return parts_->image; }
engine::Engine& Session::engine() { return *parts_->engine; }
const engine::Engine& Session::engine() const { return *parts_->engine; }
}  // namespace tocsin::tools
