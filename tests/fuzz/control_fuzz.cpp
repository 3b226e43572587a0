// SPDX-License-Identifier: Apache-2.0
// Any bytes as an ack, a request and a reply; what is decoded must survive being encoded again.
#include "tocsin/test_support/fuzz.hpp"
#include "tocsin/wire/control_codec.hpp"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a short program

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const test_support::AlignedInput input{data, size};
  if (const auto ack = wire::decode_ack(input.bytes())) {
    TOCSIN_CHECK(wire::decode_ack(wire::encode_ack(*ack)).has_value());
  }
  if (const auto request = wire::decode_request(input.bytes())) {
    TOCSIN_CHECK(wire::decode_request(wire::encode_request(*request)).has_value());
  }
  if (const auto reply = wire::decode_reply(input.bytes())) {
    TOCSIN_CHECK(wire::decode_reply(wire::encode_reply(*reply)).has_value());
  }
  return 0;
}
