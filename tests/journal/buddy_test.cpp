// SPDX-License-Identifier: Apache-2.0
/// What: blocks never overlap, keep what is written, and join again when freed; a full arena says so.
/// How: a random run against a map of live blocks.
#include "buddy.hpp"

#include <map>

#include "journal_fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::journal;
using namespace tocsin::journal::test;

TEST_GROUP(Buddy) {
  std::vector<std::uint64_t> words = std::vector<std::uint64_t>((1U << 16U) / 8);
  Buddy buddy{std::as_writable_bytes(std::span{words})};
  /// Blocks of 4096 bytes that fit at once.
  std::size_t capacity() {
    std::vector<void*> blocks;
    for (void* block = buddy.allocate(4096); block != nullptr; block = buddy.allocate(4096)) blocks.push_back(block);
    for (auto* block : blocks) buddy.free(block);
    return blocks.size();
  }
};

TEST(Buddy, rounds_up_to_powers_of_two_of_its_least_block) {
  LONGS_EQUAL(64, Buddy::rounded(0));
  LONGS_EQUAL(64, Buddy::rounded(64));
  LONGS_EQUAL(128, Buddy::rounded(65));
  LONGS_EQUAL(4096, Buddy::rounded(2049));
}

TEST(Buddy, gives_nothing_beyond_its_memory) {
  POINTERS_EQUAL(nullptr, buddy.allocate(1U << 16U));
  POINTERS_EQUAL(nullptr, buddy.allocate(SIZE_MAX));
  CHECK_TRUE(buddy.allocate(1U << 15U) != nullptr);
  POINTERS_EQUAL(nullptr, buddy.allocate(1U << 15U));
}

TEST(Buddy, keeps_blocks_apart_and_joins_them_again) {
  Prng random{7};
  const auto before = capacity();
  std::map<std::byte*, std::pair<std::size_t, std::byte>> live;
  for (int step = 0; step < 20'000; ++step) {
    if (random.chance(55)) {
      const auto size = static_cast<std::size_t>(random.below(random.chance(10) ? 9000 : 300));
      auto* block = static_cast<std::byte*>(buddy.allocate(size));
      if (block == nullptr) continue;
      CHECK_TRUE(buddy.size_of(block) >= size);
      CHECK_TRUE(reinterpret_cast<std::uintptr_t>(block) % 16 == 0);
      const auto mark = static_cast<std::byte>(random.below(256));
      std::fill_n(block, buddy.size_of(block), mark);
      const bool is_new = live.emplace(block, std::pair{buddy.size_of(block), mark}).second;
      CHECK_TRUE(is_new);
    } else if (!live.empty()) {
      auto victim = live.begin();
      std::advance(victim, static_cast<std::ptrdiff_t>(random.below(live.size())));
      const std::size_t size = victim->second.first;
      const std::byte mark = victim->second.second;
      CHECK_TRUE(std::all_of(victim->first, victim->first + size, [&](std::byte byte) { return byte == mark; }));
      buddy.free(victim->first);
      live.erase(victim);
    }
  }
  std::size_t used = 0;
  for (const auto& [block, content] : live) used += content.first;
  LONGS_EQUAL(used, buddy.used());
  for (const auto& [block, content] : live) buddy.free(block);
  LONGS_EQUAL(0, buddy.used());
  LONGS_EQUAL(before, capacity());
}
