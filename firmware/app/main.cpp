// SPDX-License-Identifier: Apache-2.0
// The firmware image: devices, memory, rule image, and the loop.
#include <array>
#include <cstddef>

#include "tocsin/board/board.hpp"
#include "tocsin/board/drivers.hpp"
#include "tocsin/engine/base/check.hpp"
#include "tocsin/firmware/app.hpp"

#include "rule_image.hpp"

namespace {

alignas(8) std::array<std::byte, tocsin::firmware::kRuleImageBlockBytes> engine_block;
alignas(8) std::array<std::byte, tocsin::wire::kFrameHeaderBytes + tocsin::firmware::kBatchBytesMax> frame;
alignas(8) std::array<std::byte, tocsin::wire::kAlertBytesMax> arena;

}  // namespace

int main() {
  using namespace tocsin;
  board::paint_stack();
  static board::BoardWatchdog watchdog;
  static board::TopOfRamLog reset_log;
  static board::Timer timer;
  static board::Uart0 uart;

  static engine::Image image;
  // The book in the slot, if there is one that this firmware can run; otherwise the one built in.
  std::span<std::byte> block = board::free_ram();
  if (engine::load_image(board::rule_slot(), image) != engine::ImageError::none ||
      engine::layout_of(image).block_bytes > block.size()) {
    TOCSIN_CHECK(engine::load_image(firmware::rule_image(), image) == engine::ImageError::none);
    TOCSIN_CHECK(engine::layout_of(image).block_bytes <= engine_block.size());
    block = engine_block;
  }
  static firmware::App app{image,
                           {.block = block, .frame = frame, .arena = arena},
                           {.uart = uart, .tick = timer, .watchdog = watchdog, .reset_log = reset_log}};
  app.announce();
  for (;;) {
    if (!app.poll()) uart.wait();
  }
}
