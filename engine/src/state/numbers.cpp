// SPDX-License-Identifier: Apache-2.0
#include "numbers.hpp"

#include <bit>

#include "reports.hpp"

namespace tocsin::engine {
namespace {
/// Smallest last: a heap sort needs no memory and has no bad case.
void sort(std::span<double> values) {
  const auto sift = [values](std::size_t root, std::size_t end) {
    for (;;) {
      std::size_t child = 2 * root + 1;
      if (child >= end) return;
      if (child + 1 < end && values[child] < values[child + 1]) ++child;
      if (!(values[root] < values[child])) return;
      const double held = values[root];
      values[root] = values[child];
      values[child] = held;
      root = child;
    }
  };
  for (std::size_t i = values.size() / 2; i > 0; --i) sift(i - 1, values.size());
  for (std::size_t end = values.size(); end > 1; --end) {
    const double greatest = values[0];
    values[0] = values[end - 1];
    values[end - 1] = greatest;
    sift(0, end - 1);
  }
}

double middle_of(std::span<const double> sorted) {
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2.0;
}
}  // namespace

Number finite(double value) {
  Number number;
  if (value - value != 0.0) return number;  // infinite or not a number
  number.value = value == 0.0 ? 0.0 : value;
  number.known = true;
  return number;
}

double square_root(double value) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(value);
  if (value == 0.0 || (bits >> 52U) == 0x7FF) return value;
  int exponent = static_cast<int>(bits >> 52U);
  std::uint64_t fraction = bits & 0xF'FFFF'FFFF'FFFFU;
  if (exponent == 0) {  // subnormal: shift until it has its leading one
    exponent = 1;
    while ((fraction >> 52U) == 0) {
      fraction <<= 1U;
      --exponent;
    }
  } else {
    fraction |= std::uint64_t{1} << 52U;
  }
  exponent -= 1023;  // value = fraction * 2^(exponent - 52)
  if (exponent % 2 != 0) {
    fraction <<= 1U;
    exponent -= 1;
  }
  // Digit by digit: 54 bits of the root, the last one to round by; the remainder tells whether it is exact.
  std::uint64_t root = 0;
  std::uint64_t remainder = 0;
  for (int i = 0; i < 54; ++i) {
    // Two more bits of fraction * 2^54, which has 108 bits; the first two are its top.
    const std::uint64_t pair = i < 27 ? (fraction >> (52U - 2U * static_cast<unsigned>(i))) & 3U : 0U;
    remainder = (remainder << 2U) | pair;
    const std::uint64_t trial = (root << 2U) | 1U;
    root <<= 1U;
    if (remainder >= trial) {
      remainder -= trial;
      root |= 1U;
    }
  }
  // A root is never exactly half way between two doubles, so a last bit of one rounds up.
  root = (root >> 1U) + (root & 1U);
  const auto result = static_cast<std::uint64_t>(exponent / 2 + 1023);
  // `root` has its leading one at bit 52; a carry out of it raises the exponent, as it should.
  return std::bit_cast<double>((result << 52U) + (root - (std::uint64_t{1} << 52U)));
}

double sum_of(std::span<const double> values) {
  double total = 0;
  for (std::size_t i = values.size(); i > 0; --i) total += values[i - 1];
  return total;
}

double mean_of(std::span<const double> values) { return sum_of(values) / static_cast<double>(values.size()); }

double stddev_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double total = 0;
  for (std::size_t i = values.size(); i > 0; --i) {
    const double distance = values[i - 1] - mean;
    total += distance * distance;
  }
  return square_root(total / static_cast<double>(values.size()));
}

double median_of(std::span<double> values) {
  sort(values);
  return middle_of(values);
}

double mad_of(std::span<double> values) {
  const double median = median_of(values);
  for (double& value : values) value = value < median ? median - value : value - median;
  return median_of(values);
}

double quantile_of(std::span<double> values, std::int64_t numerator, std::uint8_t digits) {
  sort(values);
  std::int64_t whole = 1;
  for (int i = 0; i < digits; ++i) whole *= 10;
  // At most 10^15 * 4096: far inside 64 bits.
  const std::int64_t rank = (numerator * static_cast<std::int64_t>(values.size()) + whole - 1) / whole;
  return values[rank > 0 ? static_cast<std::size_t>(rank - 1) : 0];
}
}  // namespace tocsin::engine
