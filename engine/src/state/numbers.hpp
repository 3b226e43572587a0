// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What is worked out from the values of a window. All take the values newest first and may reorder them; at
/// least one value, except sum_of(). Results need not be finite.
#include <cstdint>
#include <span>

namespace tocsin::engine {
struct Number;

/// The number, or unknown when it is not finite. -0 becomes 0.
[[nodiscard]] Number finite(double value);
/// Square root, correctly rounded, without a library: the same on every target. @pre value >= 0 or infinite.
[[nodiscard]] double square_root(double value);

/// In IEEE double, oldest first.
[[nodiscard]] double sum_of(std::span<const double> values);
[[nodiscard]] double mean_of(std::span<const double> values);
/// sqrt(sum of (x - mean)^2 / n).
[[nodiscard]] double stddev_of(std::span<const double> values);
/// Middle value; of an even number the mean of the middle two.
[[nodiscard]] double median_of(std::span<double> values);
/// Median of |x - median|.
[[nodiscard]] double mad_of(std::span<double> values);
/// Nearest rank: the ceil(q n)-th smallest (the smallest for q = 0), q = numerator / 10^digits in exact decimal.
[[nodiscard]] double quantile_of(std::span<double> values, std::int64_t numerator, std::uint8_t digits);
}  // namespace tocsin::engine
