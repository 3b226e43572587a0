// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Mailbox: a short queue between exactly two threads, without locks and without a heap.
#include <array>
#include <atomic>
#include <cstddef>

namespace tocsin::daemon {
/// One thread pushes, one pops. What was written before push() is seen after the pop() that returns it.
template <class Item, std::size_t kCapacity>
class Mailbox {
 public:
  /// @returns false when it is full; nothing changes.
  [[nodiscard]] bool push(Item item) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == kCapacity) return false;
    items_[tail % kCapacity] = item;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }
  /// @returns false when it is empty; `out` is then unchanged.
  [[nodiscard]] bool pop(Item& out) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    out = items_[head % kCapacity];
    head_.store(head + 1, std::memory_order_release);
    return true;
  }
  /// For the thread that pops.
  [[nodiscard]] bool empty() const {
    return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_acquire);
  }

 private:
  std::array<Item, kCapacity> items_{};
  std::atomic<std::size_t> head_{0};
  std::atomic<std::size_t> tail_{0};
};
}  // namespace tocsin::daemon
