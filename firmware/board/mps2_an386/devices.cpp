// SPDX-License-Identifier: Apache-2.0
// Timers, watchdog and reset log.
#include <algorithm>
#include <cstring>

#include "tocsin/board/board.hpp"
#include "tocsin/board/drivers.hpp"
#include "tocsin/engine/base/crc32.hpp"

#include "registers.hpp"

extern "C" {
extern char _end;
extern char __ram_end;
extern char __stack_usable;
void timer1_handler() { tocsin::board::timer1_registers().interrupt = 1; }
}

namespace tocsin::board {
namespace {
constexpr std::uint32_t kCyclesPerMs = kClockHz / 1000U;
constexpr std::uint32_t kWaitMs = 100;
constexpr std::uint32_t kWatchdogMs = 2000;

/// What lies at the top of RAM. Power on leaves anything there: `check` tells.
struct ResetRecord {
  std::uint32_t check;  ///< CRC-32 of the rest
  std::uint32_t count;
  std::uint32_t size;  ///< bytes of text; 0: nothing was written since the last start
  std::array<char, TopOfRamLog::kTextBytes> text;
};
constexpr std::uintptr_t kResetLogBytes = 256;
static_assert(sizeof(ResetRecord) <= kResetLogBytes);

std::uintptr_t reset_log_address() { return reinterpret_cast<std::uintptr_t>(&__ram_end) - kResetLogBytes; }

ResetRecord& record() { return *reinterpret_cast<ResetRecord*>(reset_log_address()); }

std::uint32_t check_of(const ResetRecord& record) {
  return crc32(std::as_bytes(std::span{&record, 1}).subspan(sizeof record.check));
}

void store(std::string_view what, std::uint32_t count) {
  ResetRecord& out = record();
  out.count = count;
  out.size = static_cast<std::uint32_t>(std::min(what.size(), out.text.size()));
  std::memset(out.text.data(), 0, out.text.size());
  std::memcpy(out.text.data(), what.data(), out.size);
  out.check = check_of(out);
  asm volatile("dsb" ::: "memory");
}

bool valid(const ResetRecord& record) { return record.size <= record.text.size() && record.check == check_of(record); }
}  // namespace

Timer::Timer() {
  auto& free_running = timer0_registers();
  free_running.reload = UINT32_MAX;
  free_running.value = UINT32_MAX;
  free_running.control = kTimerEnable;
  last_value_ = free_running.value;
  auto& wake_up = timer1_registers();
  wake_up.reload = kWaitMs * kCyclesPerMs;
  wake_up.value = kWaitMs * kCyclesPerMs;
  wake_up.control = kTimerEnable | kTimerInterruptEnable;
  interrupt_enable() = 1U << kTimer1Irq;
}

std::uint32_t Timer::now_ms() {
  const std::uint32_t value = timer0_registers().value;
  const std::uint32_t passed = last_value_ - value;
  last_value_ = value;
  now_ms_ += passed / kCyclesPerMs;
  cycles_ += passed % kCyclesPerMs;
  if (cycles_ >= kCyclesPerMs) {
    cycles_ -= kCyclesPerMs;
    ++now_ms_;
  }
  return now_ms_;
}

BoardWatchdog::BoardWatchdog() {
  auto& watchdog = watchdog_registers();
  watchdog.load = kWatchdogMs * kCyclesPerMs;
  watchdog.control = kWatchdogInterruptEnable | kWatchdogResetEnable;
}

void BoardWatchdog::kick() { watchdog_registers().clear = 1; }

TopOfRamLog::TopOfRamLog() {
  const ResetRecord& last = record();
  if (valid(last)) {
    count_ = last.count;
    size_ = last.size;
    std::memcpy(text_.data(), last.text.data(), size_);
  }
  store({}, count_);
}

std::string_view TopOfRamLog::previous() const { return {text_.data(), size_}; }
std::uint32_t TopOfRamLog::count() const { return count_; }
void TopOfRamLog::write(std::string_view what) { write_reset_log(what); }

void write_reset_log(std::string_view what) {
  const ResetRecord& last = record();
  // Of several entries before one restart the last one wins, and they count as one.
  std::uint32_t count = valid(last) ? last.count : 0;
  if (!valid(last) || last.size == 0) ++count;
  store(what, count);
}

std::span<std::byte> free_ram() {
  const auto begin = (reinterpret_cast<std::uintptr_t>(&_end) + 7U) & ~std::uintptr_t{7};
  return {reinterpret_cast<std::byte*>(begin), reset_log_address() - begin};
}

void paint_stack() {
  constexpr std::ptrdiff_t kInUse = 128;  // this function's own frame and what an interrupt may push meanwhile
  char* const here = static_cast<char*>(__builtin_frame_address(0));
  for (volatile char* byte = &__stack_usable; byte < here - kInUse; ++byte) *byte = std::to_integer<char>(kStackPaint);
}

}  // namespace tocsin::board
