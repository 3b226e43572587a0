// SPDX-License-Identifier: Apache-2.0
// Any bytes as an ingest frame. What is read must bind or be refused, and read the same after it is written again.
#include "tocsin/test_support/fuzz.hpp"
#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/wire/batch_codec.hpp"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a short program

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const test_support::AlignedInput input{data, size};
  wire::BatchReader reader;
  if (!reader.open(input.bytes())) return 0;
  for (std::size_t i = 0; i < reader.count(); ++i) {
    wire::InputView view;
    if (reader.item(i, view) != wire::Refusal::none) continue;
    engine::Input first;
    const wire::Refusal refusal = wire::bind(view, test_support::sample_book(), 0, first);

    const auto again = wire::encode_batch(1, {&view, 1});
    wire::BatchReader second_reader;
    wire::InputView second_view;
    TOCSIN_CHECK(second_reader.open(again) && second_reader.item(0, second_view) == wire::Refusal::none);
    engine::Input second;
    TOCSIN_CHECK(wire::bind(second_view, test_support::sample_book(), 0, second) == refusal);
    TOCSIN_CHECK(first.content == second.content);
  }
  return 0;
}
