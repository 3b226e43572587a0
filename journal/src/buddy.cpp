// SPDX-License-Identifier: Apache-2.0
#include "buddy.hpp"

#include <algorithm>
#include <bit>

namespace tocsin::journal {
Buddy::Buddy(std::span<std::byte> memory) : memory_{memory} {
  const auto atoms = memory.size() / kLeastBytes;
  marks_ = {reinterpret_cast<std::uint8_t*>(memory.data()), atoms};
  std::fill(marks_.begin(), marks_.end(), std::uint8_t{0});
  free_.fill(kNone);
  orders_ = std::bit_width(atoms);
  // The marks take the first atoms; the rest is handed out as the largest blocks that fit in their places.
  auto first = (atoms + kLeastBytes - 1) / kLeastBytes;
  while (first < atoms) {
    const auto order = static_cast<std::size_t>(std::countr_zero(first));
    push_(static_cast<std::uint32_t>(first), order);
    first += std::size_t{1} << order;
  }
}

Buddy::Links& Buddy::links_(std::uint32_t atom) const {
  return *static_cast<Links*>(static_cast<void*>(memory_.subspan(atom * kLeastBytes).data()));
}

std::uint32_t Buddy::atom_of_(const void* block) const {
  return static_cast<std::uint32_t>(static_cast<std::size_t>(static_cast<const std::byte*>(block) - memory_.data()) /
                                    kLeastBytes);
}

void Buddy::push_(std::uint32_t atom, std::size_t order) {
  marks_[atom] = static_cast<std::uint8_t>(kFreeMark | order);
  links_(atom) = {free_.at(order), kNone};
  if (free_.at(order) != kNone) links_(free_.at(order)).previous = atom;
  free_.at(order) = atom;
}

void Buddy::remove_(std::uint32_t atom, std::size_t order) {
  const auto links = links_(atom);
  if (links.next != kNone) links_(links.next).previous = links.previous;
  if (links.previous != kNone) {
    links_(links.previous).next = links.next;
  } else {
    free_.at(order) = links.next;
  }
}

std::size_t Buddy::order_of_(std::size_t bytes) {
  const auto atoms = (std::max<std::size_t>(bytes, 1) + kLeastBytes - 1) / kLeastBytes;
  return std::bit_width(atoms - 1);
}

std::size_t Buddy::rounded(std::size_t bytes) { return kLeastBytes << order_of_(bytes); }

void* Buddy::allocate(std::size_t bytes) {
  if (bytes > memory_.size()) return nullptr;
  const auto order = order_of_(bytes);
  auto found = order;
  while (found < orders_ && free_.at(found) == kNone) ++found;
  if (found >= orders_) return nullptr;
  const auto atom = free_.at(found);
  remove_(atom, found);
  for (; found > order; --found) push_(atom + (std::uint32_t{1} << (found - 1)), found - 1);
  marks_[atom] = static_cast<std::uint8_t>(order);
  used_ += kLeastBytes << order;
  most_used_ = std::max(most_used_, used_);
  return memory_.subspan(atom * kLeastBytes).data();
}

void Buddy::free(void* block) {
  if (block == nullptr) return;
  auto atom = atom_of_(block);
  std::size_t order = marks_[atom];
  used_ -= kLeastBytes << order;
  for (; order + 1 < orders_; ++order) {
    const auto buddy = atom ^ (std::uint32_t{1} << order);
    if (buddy >= marks_.size() || marks_[buddy] != (kFreeMark | order)) break;
    remove_(buddy, order);
    marks_[std::max(atom, buddy)] = 0;
    atom = std::min(atom, buddy);
  }
  push_(atom, order);
}

std::size_t Buddy::size_of(const void* block) const { return kLeastBytes << marks_[atom_of_(block)]; }
}  // namespace tocsin::journal
