// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The answer to `why` as a WhyReply table of schemas/control.fbs. Allocates.
#include "tocsin/schemas/control_generated.h"
#include "tocsin/wire/control_codec.hpp"

namespace tocsin::wire {
[[nodiscard]] flatbuffers::Offset<schemas::WhyReply> write_why(flatbuffers::FlatBufferBuilder& builder,
                                                               const WhyAnswer& answer);
/// Reads a verified table. @returns false when something is out of range; whether the report fits the image is for
/// fits() to say, once the image is loaded.
[[nodiscard]] bool read_why(const schemas::WhyReply& table, WhyAnswer& out);
}  // namespace tocsin::wire
