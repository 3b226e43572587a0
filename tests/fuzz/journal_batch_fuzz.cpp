// SPDX-License-Identifier: Apache-2.0
// Any bytes as a journal row.
#include "tocsin/test_support/fuzz.hpp"
#include "tocsin/wire/batch_codec.hpp"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a short program

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const test_support::AlignedInput input{data, size};
  wire::JournalBatchReader reader;
  if (!reader.open(input.bytes())) return 0;
  std::vector<wire::JournalItem> items;
  for (std::size_t i = 0; i < reader.count(); ++i) {
    wire::JournalItem item;
    if (reader.next(item)) items.push_back(item);
  }
  const auto again = wire::encode_journal_batch(items);
  wire::JournalBatchReader second;
  TOCSIN_CHECK(second.open(again) && second.count() == items.size());
  return 0;
}
