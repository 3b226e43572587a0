// SPDX-License-Identifier: Apache-2.0
#include "tocsin/firmware/app.hpp"

#include "tocsin/engine/base/check.hpp"
#include "tocsin/firmware/text_buffer.hpp"

namespace tocsin::firmware {
namespace {
constexpr engine::Mode kMode{.label = engine::Status::test};

bool valid_instant(engine::Instant time) { return time >= engine::kInstantMin && time <= engine::kInstantMax; }
}  // namespace

App::App(const engine::Image& image, const AppMemory& memory, const AppDevices& devices)
    : image_{image}, memory_{memory}, devices_{devices}, engine_{image_, memory.block}, decoder_{memory.frame} {
  TOCSIN_CHECK(memory.frame.size() >= wire::kFrameHeaderBytes + kBatchBytesMax);
  TOCSIN_CHECK(memory.arena.size() >= wire::kAlertBytesMax);
}

void App::announce() {
  const std::string_view why = devices_.reset_log.previous();
  if (why.empty()) return send_ack_(0, {});
  TextBuffer text;
  text.add("restart ").add_decimal(devices_.reset_log.count()).add(": ").add(why);
  const std::array<wire::RefusedNote, 1> note{{{.index = 0, .code = wire::Refusal::none, .text = text.view()}}};
  send_ack_(0, note);
}

bool App::poll() {
  devices_.watchdog.kick();
  std::array<std::byte, 64> chunk{};
  const std::size_t count = devices_.uart.read(chunk);
  const std::uint32_t now_ms = devices_.tick.now_ms();
  if (count == 0) {
    if (now_ms - last_byte_ms_ < kFrameGapMs) return false;
    last_byte_ms_ = now_ms;
    while (decoder_.give_up()) take_batch_(decoder_.payload());
    return false;
  }
  for (const std::byte byte : std::span{chunk}.first(count)) {
    for (bool ready = decoder_.push(byte); ready; ready = decoder_.next()) take_batch_(decoder_.payload());
  }
  last_byte_ms_ = devices_.tick.now_ms();  // time spent on a frame is no gap on the line
  return true;
}

void App::take_batch_(std::span<const std::byte> payload) {
  wire::BatchReader batch;
  if (!batch.open(payload)) {
    ++counters_.not_batches;
    const wire::Refusal code = wire::Refusal::malformed;
    const std::array<wire::RefusedNote, 1> note{{{.index = 0, .code = code, .text = wire::sentence_of(code)}}};
    return send_ack_(last_frame_, note);
  }
  ++counters_.batches;
  std::size_t refused_count = 0;
  TOCSIN_CHECK(batch.count() <= refused_.size());
  for (std::size_t index = 0; index < batch.count(); ++index) {
    devices_.watchdog.kick();
    const wire::Refusal code = take_item_(batch, index);
    if (code == wire::Refusal::none) continue;
    refused_[refused_count++] = {
        .index = static_cast<std::uint32_t>(index), .code = code, .text = wire::sentence_of(code)};
    ++counters_.refused;
  }
  last_frame_ = batch.frame();
  send_ack_(last_frame_, std::span{refused_}.first(refused_count));
}

wire::Refusal App::take_item_(const wire::BatchReader& batch, std::size_t index) {
  wire::InputView view;
  const wire::Refusal unreadable = batch.item(index, view);
  if (unreadable != wire::Refusal::none) return unreadable;
  if (!started_) {
    if (!valid_instant(view.time)) return wire::Refusal::bad_time;
    engine_.start(view.time, kMode);
    started_ = true;
  }
  engine::Input input;
  const wire::Refusal unbound = wire::bind_checked(view, image_, engine_.clock(), input);
  if (unbound != wire::Refusal::none) return unbound;
  const engine::Disposition disposition = engine_.step(input);
  send_events_();
  if (disposition == engine::Disposition::reused) return wire::Refusal::reused_seq;
  if (disposition == engine::Disposition::full) return wire::Refusal::full;
  return wire::Refusal::none;
}

void App::send_events_() {
  while (engine_.next_event(event_)) {
    const std::span<const std::byte> bytes = wire::encode_alert(event_, image_, {}, memory_.arena);
    TOCSIN_CHECK(!bytes.empty());
    send_frame_(bytes);
    ++counters_.events;
  }
}

void App::send_ack_(std::uint64_t frame, std::span<const wire::RefusedNote> refused) {
  const std::span<const std::byte> bytes = wire::encode_ack(frame, refused, memory_.arena);
  TOCSIN_CHECK(!bytes.empty());
  send_frame_(bytes);
}

void App::send_frame_(std::span<const std::byte> payload) {
  std::array<std::byte, wire::kFrameHeaderBytes> header{};
  wire::write_frame_header(payload, header);
  if (!send_(header) || !send_(payload)) ++counters_.stalled;
}

bool App::send_(std::span<const std::byte> bytes) {
  std::uint32_t progress_ms = devices_.tick.now_ms();
  while (!bytes.empty()) {
    devices_.watchdog.kick();
    const std::size_t count = devices_.uart.write(bytes);
    const std::uint32_t now_ms = devices_.tick.now_ms();
    if (count > 0) {
      progress_ms = now_ms;
    } else if (now_ms - progress_ms >= kSendStallMs) {
      return false;
    }
    bytes = bytes.subspan(count);
  }
  return true;
}

}  // namespace tocsin::firmware
