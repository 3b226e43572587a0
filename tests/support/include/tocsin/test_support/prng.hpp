// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file A small random number generator with the same sequence on every target and compiler.
#include <cstddef>
#include <cstdint>

namespace tocsin::test_support {

/// SplitMix64. Print the seed on failure: the same seed replays the same run.
/// @source Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
class Prng {
 public:
  explicit constexpr Prng(std::uint64_t seed) : state_{seed} {}

  /// Next 64 random bits.
  constexpr std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }

  /// A number in [0, n), n > 0. The bias is below n / 2^64.
  constexpr std::uint64_t below(std::uint64_t n) { return next() % n; }

  /// An index into `size` elements, size > 0.
  constexpr std::size_t index(std::size_t size) { return static_cast<std::size_t>(next() % size); }

  /// A number in [low, high], low <= high, high - low below 2^63.
  constexpr std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1U));
  }

  /// True in `percent` of 100 cases.
  constexpr bool chance(std::uint32_t percent) { return below(100) < percent; }

  /// A number in [0, 1) with 53 random bits.
  constexpr double unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace tocsin::test_support
