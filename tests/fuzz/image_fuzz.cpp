// SPDX-License-Identifier: Apache-2.0
// Any bytes as a rule image, and good images with numbers overwritten. The loader refuses or the engine runs: with
// lines of all kinds, looks into the past and checkpoints, in memory of just the size that the image asks for, and its
// events can be read.
//
// Bytes that have the identifier of a rule image are one. Others are a script: which good image, what to overwrite in
// it, and what happens to the engine then. So a find stays a find when the format moves on.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "tocsin/compiler/compile.hpp"
#include "tocsin/engine/engine.hpp"
#include "tocsin/test_support/fuzz.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "image_patch.hpp"

using namespace tocsin;        // NOLINT(google-build-using-namespace): a short program
using namespace tocsin::fuzz;  // NOLINT(google-build-using-namespace)

namespace {
constexpr std::size_t kBlockBytesMax = std::size_t{1} << 20U;
constexpr std::size_t kNodesMax = 300;
constexpr std::size_t kLinesMax = 48;
constexpr engine::Instant kStart = 1'700'000'000'000;

/// So small that tables fill up within a few lines, and checkpoints are quick to check.
constexpr compiler::Target kSmall{"small", kBlockBytesMax, engine::Bounds{48, 24, 2, 6, 0, 0}};

/// The books that patches start from.
const std::vector<ImageBytes>& good_images() {
  static const std::vector<ImageBytes> kImages = [] {
    std::vector<ImageBytes> images;
    for (const char* path : {"/tests/fuzz/corpus/book/whole_language.watch", "/watchbooks/taiwan-korea/book.watch",
                             "/tests/fuzz/image_base.watch"}) {
      std::string error;
      const auto source = compiler::read_source(std::string{TOCSIN_SOURCE_DIR} + path, error);
      TOCSIN_CHECK(source.has_value());
      const compiler::CompileResult result = compiler::compile(*source, kSmall);
      if (!result.ok) static_cast<void>(std::fputs(compiler::render_all(result.diagnostics, *source).c_str(), stderr));
      TOCSIN_CHECK(result.ok);
      ImageBytes image;
      image.size = result.image.bytes().size();
      image.words.resize((image.size + 7) / 8);
      std::memcpy(image.words.data(), result.image.bytes().data(), image.size);
      images.push_back(std::move(image));
    }
    return images;
  }();
  return kImages;
}

/// An engine in memory of its own, of just the size that is promised to be enough.
struct Station {
  explicit Station(const engine::Image& image)
      : block(engine::layout_of(image).block_bytes / sizeof(std::uint64_t)),
        engine{image, std::as_writable_bytes(std::span{block})} {}
  std::vector<std::uint64_t> block;
  engine::Engine engine;
};

void check_event(const engine::AlertEvent& event, const engine::Image& image) {
  TOCSIN_CHECK(event.alert < image.alerts.size());
  TOCSIN_CHECK(event.item_count <= event.items.size() && event.report_count <= event.reports.size());
  TOCSIN_CHECK(event.hypothesis_count <= event.hypotheses.size() && event.against_count <= event.against.size());
  for (std::size_t i = 0; i < event.item_count; ++i) {
    const engine::EvidenceItem& item = event.items[i];
    TOCSIN_CHECK(item.node < image.nodes.size());
    TOCSIN_CHECK(item.indicator == engine::kNone || item.indicator < image.indicators.size());
    TOCSIN_CHECK(item.feed == engine::kNone || item.feed < image.feeds.size());
    TOCSIN_CHECK(item.condition == engine::kNone || item.condition < image.conditions.size());
    TOCSIN_CHECK(item.first_report + item.report_count <= event.report_count);
  }
  for (std::size_t i = 0; i < event.report_count; ++i) {
    TOCSIN_CHECK(event.reports[i].feed < image.feeds.size() && event.reports[i].origin < image.origins.size());
  }
  for (std::size_t i = 0; i < event.hypothesis_count; ++i) {
    TOCSIN_CHECK(event.hypotheses[i].hypothesis < image.hypotheses.size());
  }
}

/// What the image says of an event can be read by whoever gets it.
void check_bytes(const engine::AlertEvent& event, const engine::Image& image) {
  static std::array<std::uint64_t, wire::kAlertBytesMax / sizeof(std::uint64_t)> arena;
  const auto bytes = wire::encode_alert(event, image, {}, std::as_writable_bytes(std::span{arena}));
  TOCSIN_CHECK(wire::decode_alert(bytes).has_value());
}

/// A line such as bind() would let through.
engine::Input line_of(const engine::Image& image, Script& script, engine::Instant& now, std::uint64_t& seq) {
  constexpr std::array<engine::Span, 12> kSpans{
      0, 1, 2, 1000, 60'000, 3'600'000, 7'200'000, 43'200'000, 86'400'000, 172'800'000, 1'209'600'000, 99};
  const std::uint8_t kind = script.byte();
  engine::Input line;
  now += kSpans[script.index(kSpans.size())];
  line.received = now;
  line.time = std::max<engine::Instant>(0, now - kSpans[script.index(kSpans.size())]);
  if ((kind & 0x40U) != 0) line.time = now + kSpans[script.index(kSpans.size())];
  line.kind = static_cast<engine::InputKind>(kind % 4);
  if (image.feeds.empty()) line.kind = engine::InputKind::clock;
  if (line.kind == engine::InputKind::clock) {
    line.time = now;
    return line;
  }
  line.feed = static_cast<std::uint16_t>(script.index(image.feeds.size()));
  if (line.kind == engine::InputKind::heartbeat) return line;
  line.seq = (kind & 0x80U) != 0 && seq > 0 ? seq : ++seq;
  line.content = static_cast<std::uint32_t>(line.seq) ^ (kind >> 5U);
  line.has_target_seq = line.kind == engine::InputKind::retraction || (kind & 0x20U) != 0;
  line.target_seq = line.has_target_seq ? 1 + script.byte() % (seq + 1) : 0;
  if (line.kind == engine::InputKind::retraction) return line;
  const std::size_t indicator = image.indicators.empty() ? 0 : script.index(image.indicators.size());
  const auto feeds =
      image.indicators.empty() ? std::span<const std::uint16_t>{} : image.list(image.indicators[indicator].feeds);
  if (feeds.empty()) {
    line.kind = engine::InputKind::heartbeat;
    return line;
  }
  line.indicator = static_cast<std::uint16_t>(indicator);
  line.feed = feeds[script.index(feeds.size())];
  const auto origins = image.list(image.feeds[line.feed].origins);
  line.origin = origins[script.index(origins.size())];
  line.value = static_cast<double>(static_cast<std::int8_t>(script.byte())) * (line.seq % 7 == 0 ? 1e306 : 0.5);
  const std::uint8_t traits = script.byte();
  line.credibility = traits % 7;
  if (!image.actors.empty() && (traits & 0x10U) != 0) {
    line.actor = static_cast<std::uint16_t>(traits % image.actors.size());
  }
  line.target = (traits & 0x20U) != 0 ? engine::kOther : line.actor;
  line.has_tags = (traits & 0x40U) != 0;
  line.tags = line.has_tags && !image.tags.empty() ? std::uint64_t{1} << (traits % image.tags.size()) : 0;
  return line;
}

void look(engine::Engine& engine, const engine::Image& image, engine::Instant at) {
  if (!engine.look(at)) return;
  for (std::uint16_t node = 0; node < image.nodes.size(); ++node) {
    TOCSIN_CHECK(engine.node_view(node).truth <= engine::Truth::yes);
  }
  for (std::uint16_t alert = 0; alert < image.alerts.size(); ++alert) {
    TOCSIN_CHECK(engine.looked_alert(alert).level <= engine::Level::unknown);
    for (std::uint16_t need = 0; need < image.alerts[alert].needs.count; ++need) {
      TOCSIN_CHECK(engine.need_view(alert, need).origins <= image.origins.size());
    }
  }
  for (std::uint16_t i = 0; i < image.indicators.size(); ++i) static_cast<void>(engine.looked_blind(i));
  for (std::uint16_t i = 0; i < image.feeds.size(); ++i) static_cast<void>(engine.looked_overdue(i));
  for (std::uint16_t i = 0; i < image.theaters.size(); ++i) {
    TOCSIN_CHECK(engine.theater_level(i) <= engine::Level::unknown);
  }
}

bool same(const engine::AlertEvent& a, const engine::AlertEvent& b) {
  return a.kind == b.kind && a.alert == b.alert && a.level == b.level && a.at == b.at && a.raised_at == b.raised_at &&
         a.rev == b.rev && a.detected_at == b.detected_at && a.item_count == b.item_count &&
         a.report_count == b.report_count;
}

void print(const char* who, const engine::AlertEvent& event) {
  std::fprintf(stderr, "%s: kind %u alert %u level %u at %lld raised %lld rev %u detected %lld items %u reports %u\n",
               who, static_cast<unsigned>(event.kind), unsigned{event.alert}, static_cast<unsigned>(event.level),
               static_cast<long long>(event.at), static_cast<long long>(event.raised_at), unsigned{event.rev},
               static_cast<long long>(event.detected_at), static_cast<unsigned>(event.item_count),
               static_cast<unsigned>(event.report_count));
}

/// Steps the engine and the one restored from its checkpoint, if there is one: both must say the same.
void step_both(Station& station, Station* restored, const engine::Image& image, const engine::Input& line) {
  static engine::AlertEvent event;
  static engine::AlertEvent echo;
  const engine::Disposition disposition = station.engine.step(line);
  if (restored != nullptr) TOCSIN_CHECK(restored->engine.step(line) == disposition);
  while (station.engine.next_event(event)) {
    check_event(event, image);
    check_bytes(event, image);
    if (restored == nullptr) continue;
    const bool said = restored->engine.next_event(echo);
    if (said && same(event, echo)) continue;
    print("engine", event);
    if (said) print("restored", echo);
    TOCSIN_CHECK(false && "the restored engine says the same");
  }
  if (restored != nullptr) TOCSIN_CHECK(!restored->engine.next_event(echo));
}

/// An engine that goes on from the checkpoint of this one, and refuses a damaged one.
std::unique_ptr<Station> restored_from(Station& station, const engine::Image& image, Script& script) {
  const auto saved = station.engine.save();
  auto restored = std::make_unique<Station>(image);
  const std::uint8_t damage = script.byte();
  if (damage < 32) {
    std::vector<std::byte> damaged{saved.begin(), saved.end()};
    damaged[script.word() % damaged.size()] ^= std::byte{0x10};
    TOCSIN_CHECK(restored->engine.restore(damaged) != engine::RestoreError::none);
  }
  TOCSIN_CHECK(restored->engine.restore(saved) == engine::RestoreError::none);
  return restored;
}

void run(const engine::Image& image, Script& script) {
  if (image.nodes.size() > kNodesMax || image.bounds.block_bytes > kBlockBytesMax) return;
  Station station{image};
  std::unique_ptr<Station> restored;
  engine::Instant now = kStart;
  std::uint64_t seq = 0;
  station.engine.start(now, {engine::Status::test, true, false});
  for (std::size_t i = 0; i < kLinesMax && !script.done(); ++i) {
    step_both(station, restored.get(), image, line_of(image, script, now, seq));
    const std::uint8_t then = script.byte();
    if (then % 8 == 1) look(station.engine, image, station.engine.clock() - engine::Span{script.word()} * 60'000);
    // Once: the checksum of a checkpoint, instrumented, takes longer than everything else.
    if (then % 8 == 2 && restored == nullptr) restored = restored_from(station, image, script);
  }
  TOCSIN_CHECK(station.engine.next_due() >= station.engine.clock());
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script{{data, size}};
  ImageBytes bytes;
  constexpr std::size_t kIdentifierAt = 4;
  const bool raw = size >= 16 && std::memcmp(data + kIdentifierAt, "TCNI", 4) == 0;
  if (raw) {
    bytes.size = size;
    bytes.words.resize((size + 7) / 8);
    std::memcpy(bytes.words.data(), data, size);
    script = Script{std::span{data, size}.last(size / 2)};
  } else {
    bytes = good_images()[script.index(good_images().size())];
    patch(bytes, script);
  }
  engine::Image image;
  const engine::ImageError error = raw ? engine::load_image(bytes.bytes(), image) : load_mended(bytes, image);
  TOCSIN_CHECK(*engine::describe(error) != '\0');
  if (error == engine::ImageError::none) run(image, script);
  return 0;
}
