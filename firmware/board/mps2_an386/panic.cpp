// SPDX-License-Identifier: Apache-2.0
// How the firmware ends when it must: say why in the reset log, then restart.
#include <cstddef>
#include <new>

#include "tocsin/board/board.hpp"
#include "tocsin/board/drivers.hpp"
#include "tocsin/engine/base/check.hpp"
#include "tocsin/firmware/text_buffer.hpp"

extern "C" {
extern char __stack_usable;
extern char __stack_top;

void board_fault(tocsin::board::Fault fault, const tocsin::board::FaultFrame* frame) {
  tocsin::firmware::TextBuffer text;
  if (fault == tocsin::board::Fault::nmi) {
    text.add("watchdog");
  } else {
    text.add("fault ").add_decimal(static_cast<std::uint32_t>(fault));
  }
  // After a stack overflow the frame lies in the guard, or beyond it.
  const char* const where = reinterpret_cast<const char*>(frame);
  if (where >= &__stack_usable && where < &__stack_top) {
    text.add(", pc ").add_hex(frame->pc).add(", lr ").add_hex(frame->lr);
  } else {
    text.add(", stack overflow");
  }
  tocsin::board::write_reset_log(text.view());
  tocsin::board::restart();
}
}

void tocsin::panic(const char* what, const char* file, int line) {
  const std::string_view path{file};
  firmware::TextBuffer text;
  text.add("panic ").add(path.substr(path.find_last_of('/') + 1)).add(":");
  text.add_decimal(static_cast<std::uint32_t>(line)).add(": ").add(what);
  board::write_reset_log(text.view());
  board::restart();
}

// The FlatBuffers builder can fall back on these when it is given no memory, so they must be there; it always is given
// some.
void* operator new[](std::size_t /*size*/) { tocsin::panic("operator new[]", __FILE__, __LINE__); }
void operator delete[](void* /*block*/) noexcept { tocsin::panic("operator delete[]", __FILE__, __LINE__); }
void operator delete[](void* /*block*/, std::size_t /*size*/) noexcept {
  tocsin::panic("operator delete[]", __FILE__, __LINE__);
}
