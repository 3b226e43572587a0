// SPDX-License-Identifier: Apache-2.0
#include "image_patch.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "tocsin/engine/engine.hpp"
#include "tocsin/schemas/rule_image_generated.h"

namespace tocsin::fuzz {
namespace {
using Root = schemas::RuleImage;

/// Records that may be overwritten.
struct Table {
  std::uint8_t* data = nullptr;
  std::size_t record_bytes = 0;
  std::size_t count = 0;
};

std::uint8_t* writable(const void* data) {
  // The buffer is ours and not constant; the generated accessors only read.
  return const_cast<std::uint8_t*>(static_cast<const std::uint8_t*>(data));  // NOLINT(*-const-cast)
}

template <class Record>
Table table_of(const flatbuffers::Vector<const Record*>* vector) {
  if (vector == nullptr) return {};
  return {writable(vector->Data()), sizeof(Record), vector->size()};
}
Table table_of(const flatbuffers::Vector<std::uint16_t>* vector) {
  return vector == nullptr ? Table{} : Table{writable(vector->Data()), sizeof(std::uint16_t), vector->size()};
}
Table scalar(const Root* root, flatbuffers::voffset_t field, std::size_t bytes) {
  const auto* table = static_cast<const flatbuffers::Table*>(static_cast<const void*>(root));  // a private base
  const std::uint8_t* at = table->GetAddressOf(field);
  return at == nullptr ? Table{} : Table{writable(at), bytes, 1};
}

std::array<Table, 22> tables_of(const Root* root) {
  return {table_of(root->nodes()),
          table_of(root->alerts()),
          table_of(root->indicators()),
          table_of(root->lists()),
          scalar(root, Root::VT_BOUNDS, sizeof(schemas::BoundsRecord)),
          table_of(root->feeds()),
          table_of(root->theaters()),
          table_of(root->needs()),
          table_of(root->filters()),
          table_of(root->filter_terms()),
          table_of(root->weigh_clauses()),
          table_of(root->weights()),
          table_of(root->conditions()),
          table_of(root->level_rules()),
          table_of(root->disconfirms()),
          table_of(root->hypotheses()),
          table_of(root->origins()),
          table_of(root->tags()),
          table_of(root->actors()),
          table_of(root->texts()),
          scalar(root, Root::VT_HORIZON_MS, sizeof(std::int64_t)),
          scalar(root, Root::VT_VERSION, sizeof(std::uint32_t))};
}

/// Values that a field is likely to take badly.
constexpr std::array<std::int64_t, 24> kValues{0,
                                               1,
                                               2,
                                               -1,
                                               -2,
                                               INT64_MAX,
                                               INT64_MIN,
                                               16,
                                               255,
                                               256,
                                               4096,
                                               4097,
                                               65'535,
                                               65'534,
                                               1000,
                                               3'600'000,
                                               86'400'000,
                                               engine::kSpanMax,
                                               engine::kSpanMax + 1,
                                               INT32_MAX,
                                               INT32_MIN,
                                               0x7FF0000000000000,
                                               0x7FF8000000000000,
                                               0x3FF0000000000000};

/// One number of a record, or a whole record, or how many there are.
void patch_once(Table table, Script& script) {
  const std::uint8_t act = script.byte() % 8;
  const std::size_t record = table.count > 0 ? script.index(table.count) : 0;
  std::uint8_t* at = table.data + record * table.record_bytes;
  constexpr std::array<std::size_t, 4> kWidths{2, 1, 8, 4};
  std::size_t width = kWidths[script.byte() % kWidths.size()];
  while (width > table.record_bytes) width /= 2;
  const std::size_t offset = script.index(table.record_bytes / width) * width;
  std::int64_t value = 0;
  switch (act) {
    case 0:
      value = kValues[script.index(kValues.size())];
      break;
    case 1:
      value = script.byte();
      break;
    case 2:
      value = script.word();
      break;
    case 3:  // a little more or less
      std::memcpy(&value, at + offset, width);
      value += static_cast<std::int8_t>(script.byte());
      break;
    case 4:  // what another record has there
      std::memcpy(&value, table.data + script.index(table.count) * table.record_bytes + offset, width);
      break;
    case 5:  // another record as a whole
      std::memmove(at, table.data + script.index(table.count) * table.record_bytes, table.record_bytes);
      return;
    case 6: {  // fewer records: the length of a vector stands before its elements
      if (table.count < 2 || table.record_bytes == sizeof(std::int64_t)) return;
      const auto fewer = static_cast<std::uint32_t>(script.index(table.count));
      std::memcpy(table.data - sizeof fewer, &fewer, sizeof fewer);
      return;
    }
    default:
      for (std::size_t i = 0; i < width; ++i) at[offset + i] = script.byte();
      return;
  }
  std::memcpy(at + offset, &value, width);
}

template <class Record, class Generated>
std::span<const Record> view(const flatbuffers::Vector<const Generated*>* vector) {
  if (vector == nullptr || vector->size() == 0) return {};
  return {static_cast<const Record*>(static_cast<const void*>(vector->Data())), vector->size()};
}

/// What load_image() makes of an image that it found fault with only at the very end.
engine::Image unchecked_view(const Root* root) {
  engine::Image image;
  std::memcpy(&image.bounds, root->bounds(), sizeof image.bounds);
  image.theaters = view<engine::Theater>(root->theaters());
  image.actors = view<engine::Actor>(root->actors());
  image.origins = view<engine::Origin>(root->origins());
  image.feeds = view<engine::Feed>(root->feeds());
  image.indicators = view<engine::Indicator>(root->indicators());
  image.nodes = view<engine::Node>(root->nodes());
  image.conditions = view<engine::Condition>(root->conditions());
  image.level_rules = view<engine::LevelRule>(root->level_rules());
  image.needs = view<engine::Need>(root->needs());
  image.alerts = view<engine::Alert>(root->alerts());
  image.filters = view<engine::Filter>(root->filters());
  image.filter_terms = view<engine::FilterTerm>(root->filter_terms());
  image.tags = view<engine::Tag>(root->tags());
  image.hypotheses = view<engine::Hypothesis>(root->hypotheses());
  image.weigh_clauses = view<engine::WeighClause>(root->weigh_clauses());
  image.weights = view<engine::Weight>(root->weights());
  image.disconfirms = view<engine::Disconfirm>(root->disconfirms());
  image.texts = view<engine::Name>(root->texts());
  if (root->lists() != nullptr) image.lists = {root->lists()->data(), root->lists()->size()};
  for (const engine::Indicator& indicator : image.indicators) image.base_ring_samples += indicator.keep;
  return image;
}
}  // namespace

std::uint8_t Script::byte() {
  if (bytes_.empty()) return 0;
  const std::uint8_t value = bytes_.front();
  bytes_ = bytes_.subspan(1);
  return value;
}

void patch(ImageBytes& image, Script& script) {
  constexpr std::size_t kPatchesMax = 12;
  const std::size_t patches = script.byte() % kPatchesMax;
  for (std::size_t i = 0; i < patches; ++i) {
    const auto tables = tables_of(schemas::GetRuleImage(image.words.data()));
    const Table table = tables[script.index(tables.size())];
    if (table.data != nullptr && table.count > 0) patch_once(table, script);
  }
}

engine::ImageError load_mended(ImageBytes& bytes, engine::Image& out) {
  const engine::ImageError error = engine::load_image(bytes.bytes(), out);
  if (error != engine::ImageError::bad_block) return error;
  const Root* root = schemas::GetRuleImage(bytes.words.data());
  const auto block_bytes = static_cast<std::uint32_t>(engine::layout_of(unchecked_view(root)).block_bytes);
  std::memcpy(writable(root->bounds()) + offsetof(engine::Bounds, block_bytes), &block_bytes, sizeof block_bytes);
  return engine::load_image(bytes.bytes(), out);
}
}  // namespace tocsin::fuzz
