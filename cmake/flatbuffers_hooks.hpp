// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What the FlatBuffers headers need from the C library, in our own terms, so that code without an operating
/// system can read buffers. Included by <flatbuffers/base.h> (FLATBUFFERS_ASSERT_INCLUDE) before anything else of
/// theirs.
#include <cstddef>

namespace tocsin {
[[noreturn]] void panic(const char* what, const char* file, int line);
}

/// Their assertions guard against misuse by our code, on in every build as TOCSIN_CHECK is.
#define TOCSIN_FLATBUFFERS_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::tocsin::panic("flatbuffers: " #expression, __FILE__, __LINE__))

namespace flatbuffers {
/// Found before the C library's when the verifier compares file identifiers.
inline int strncmp(const char* left, const char* right, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    if (left[i] == '\0') break;
  }
  return 0;
}
}  // namespace flatbuffers
