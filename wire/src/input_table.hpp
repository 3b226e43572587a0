// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file An Input table of schemas/report.fbs as an InputView, and the limits under which buffers are verified.
#include <cstddef>
#include <cstdint>
#include <span>

#include <flatbuffers/flatbuffers.h>

#include "tocsin/schemas/report_generated.h"
#include "tocsin/wire/input_view.hpp"

namespace tocsin::wire {
/// Nothing of ours nests deeper; the library's own limits (64 deep, a million tables) invite abuse.
inline constexpr flatbuffers::uoffset_t kVerifyDepthMax = 8;

[[nodiscard]] inline flatbuffers::Verifier make_verifier(std::span<const std::byte> buffer, std::size_t tables_max) {
  flatbuffers::Verifier::Options options;
  options.max_depth = kVerifyDepthMax;
  options.max_tables = static_cast<flatbuffers::uoffset_t>(tables_max);
  return flatbuffers::Verifier{reinterpret_cast<const std::uint8_t*>(buffer.data()), buffer.size(), options};
}

/// Smallest buffer that can hold a root offset and an identifier; asking for one in less would read past the end.
inline constexpr std::size_t kBufferBytesMin = 8;

/// True when `buffer` starts where a double may be read in place.
[[nodiscard]] inline bool is_aligned(std::span<const std::byte> buffer) {
  return reinterpret_cast<std::uintptr_t>(buffer.data()) % 8 == 0;
}

[[nodiscard]] inline std::string_view view_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

/// Reads a verified table. @returns none, or the first thing wrong with it.
[[nodiscard]] Refusal read_input(const schemas::Input* table, InputView& out);
}  // namespace tocsin::wire
