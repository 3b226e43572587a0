// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file A page of the journal as a LogReply table of schemas/control.fbs. Allocates.
#include "tocsin/schemas/control_generated.h"
#include "tocsin/wire/control_codec.hpp"

namespace tocsin::wire {
[[nodiscard]] flatbuffers::Offset<schemas::LogReply> write_log(flatbuffers::FlatBufferBuilder& builder,
                                                               const LogAnswer& answer);
/// Reads a verified table. Texts are given as the journal has them, clean or not: whoever shows them makes them so.
/// @returns false when something is out of range.
[[nodiscard]] bool read_log(const schemas::LogReply& table, LogAnswer& out);
}  // namespace tocsin::wire
