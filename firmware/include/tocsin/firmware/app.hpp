// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file App: the firmware's one task: frames of reports in, alert events and acknowledgements out.
///
/// Each frame on the line (tocsin/wire/frame.hpp) carries one buffer. In: Batch (schemas/report.fbs). Out: AlertEvent
/// (schemas/alert.fbs) and Ack (schemas/control.fbs); their file identifiers tell them apart. The alert events of a
/// batch come before its Ack. The sender waits for the Ack before it sends the next batch, and sends a batch again when
/// none comes: that changes nothing, for the engine knows its reports by feed and number. A damaged frame is not
/// answered.
///
/// The clock is the input's: each report moves it to its `received`. The engine starts at the first item's time (a
/// clock item is the way to set it). Alerts carry the status `test`, never `actual`.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tocsin/engine/engine.hpp"
#include "tocsin/firmware/hal/reset_log.hpp"
#include "tocsin/firmware/hal/tick.hpp"
#include "tocsin/firmware/hal/uart.hpp"
#include "tocsin/firmware/hal/watchdog.hpp"
#include "tocsin/wire/ack_codec.hpp"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/batch_codec.hpp"
#include "tocsin/wire/frame.hpp"

namespace tocsin::firmware {

/// Largest batch that is taken [bytes]. One item with every field at its limit fits.
inline constexpr std::size_t kBatchBytesMax = 8192;
/// A frame that stops arriving for so long is given up, so that its sender's next try is not taken for its rest.
inline constexpr std::uint32_t kFrameGapMs = 200;
/// When the line takes nothing for so long, what was being sent is given up.
inline constexpr std::uint32_t kSendStallMs = 1000;

/// Memory the app works in; all of it 8-byte aligned, owned by the caller, for as long as the app lives.
struct AppMemory {
  std::span<std::byte> block;  ///< the engine's state: at least engine::layout_of(image).block_bytes
  std::span<std::byte> frame;  ///< wire::kFrameHeaderBytes + kBatchBytesMax
  std::span<std::byte> arena;  ///< wire::kAlertBytesMax: buffers are built here
};

/// The devices the app works with; they outlive it.
struct AppDevices {
  hal::Uart& uart;
  hal::Tick& tick;
  hal::Watchdog& watchdog;
  hal::ResetLog& reset_log;
};

/// What was counted since start; all wrap at 2^32.
struct AppCounters {
  std::uint32_t batches = 0;      ///< frames with a valid batch, repeated ones too
  std::uint32_t not_batches = 0;  ///< whole frames whose payload is not a batch
  std::uint32_t refused = 0;      ///< items refused
  std::uint32_t events = 0;       ///< alert events sent
  std::uint32_t stalled = 0;      ///< outgoing frames given up because the line took nothing
};

/// One owner, main program only; no heap.
class App {
 public:
  /// @param image  loaded image; its bytes outlive the app.
  App(const engine::Image& image, const AppMemory& memory, const AppDevices& devices);

  /// Greets the other side with an Ack of frame 0, which says that nothing is decided yet. When the board restarted by
  /// itself, its one item (code none) tells why.
  void announce();
  /// Takes what has arrived, at most one read's worth, and answers each whole frame in it. Kicks the watchdog.
  /// @returns false when nothing had arrived: then the caller may sleep.
  bool poll();

  [[nodiscard]] const AppCounters& counters() const { return counters_; }
  /// Frames thrown away because they were damaged or stopped in the middle [count, wraps at 2^32].
  [[nodiscard]] std::uint32_t damaged_frames() const { return decoder_.damaged(); }
  [[nodiscard]] const engine::Engine& engine() const { return engine_; }

 private:
  void take_batch_(std::span<const std::byte> payload);
  wire::Refusal take_item_(const wire::BatchReader& batch, std::size_t index);
  void send_events_();
  void send_ack_(std::uint64_t frame, std::span<const wire::RefusedNote> refused);
  void send_frame_(std::span<const std::byte> payload);
  bool send_(std::span<const std::byte> bytes);

  const engine::Image image_;
  const AppMemory memory_;
  const AppDevices devices_;
  engine::Engine engine_;
  wire::FrameDecoder decoder_;
  engine::AlertEvent event_{};
  std::array<wire::RefusedNote, wire::kFrameItemsMax> refused_{};
  AppCounters counters_{};
  std::uint64_t last_frame_ = 0;  ///< number of the newest batch that was answered
  std::uint32_t last_byte_ms_ = 0;
  bool started_ = false;
};

}  // namespace tocsin::firmware
