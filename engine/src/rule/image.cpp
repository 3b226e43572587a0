// SPDX-License-Identifier: Apache-2.0
#include "tocsin/engine/rule/image.hpp"

namespace tocsin::engine {
namespace {
/// Binary search by name; the loader has checked that the table is sorted and distinct.
template <class Record>
std::uint16_t find(const Image& image, std::span<const Record> table, std::string_view name) {
  std::size_t low = 0;
  std::size_t high = table.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (image.view(table[middle].name) < name) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const bool found = low < table.size() && image.view(table[low].name) == name;
  return found ? static_cast<std::uint16_t>(low) : kNone;
}
}  // namespace

std::uint16_t Image::find_feed(std::string_view name) const { return find(*this, feeds, name); }
std::uint16_t Image::find_indicator(std::string_view name) const { return find(*this, indicators, name); }
std::uint16_t Image::find_origin(std::string_view name) const { return find(*this, origins, name); }
std::uint16_t Image::find_actor(std::string_view name) const { return find(*this, actors, name); }
std::uint16_t Image::find_alert(std::string_view name) const { return find(*this, alerts, name); }
std::uint16_t Image::find_condition(std::string_view name) const { return find(*this, conditions, name); }
std::uint16_t Image::find_tag(std::string_view name) const { return find(*this, tags, name); }

bool Image::contains(ListRef ref, std::uint16_t value) const {
  for (const std::uint16_t element : list(ref)) {
    if (element == value) return true;
  }
  return false;
}

const char* describe(ImageError error) {
  switch (error) {
    case ImageError::none:
      return "no error";
    case ImageError::malformed:
      return "not a rule image, or damaged";
    case ImageError::unaligned:
      return "the bytes are not aligned to 8";
    case ImageError::version:
      return "made by another version of the compiler; compile the book again";
    case ImageError::too_large:
      return "more elements than this engine allows";
    case ImageError::bad_name:
      return "a text is not clean UTF-8 or reaches outside, or names are not sorted and distinct";
    case ImageError::bad_list:
      return "a list or one of its elements reaches outside its table";
    case ImageError::bad_node:
      return "a node's operation, operand or duration is not valid";
    case ImageError::bad_value:
      return "a level, role, span, keep or bound is out of range";
    case ImageError::bad_block:
      return "the image's block size is not what this engine computes";
  }
  return "unknown error";
}
}  // namespace tocsin::engine
