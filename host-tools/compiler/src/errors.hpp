// SPDX-License-Identifier: Apache-2.0
#pragma once
// When to stop: more messages than these are noise, and a broken book of a megabyte could have very many.
#include <cstddef>

namespace tocsin::compiler {
inline constexpr std::size_t kErrorsMax = 100;
inline constexpr std::size_t kWarningsMax = 100;

struct TooManyErrors {};  // thrown by parser and checker, caught by parse() and compile()
}  // namespace tocsin::compiler
