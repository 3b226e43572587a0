// SPDX-License-Identifier: Apache-2.0
#include "toml_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "near_name.hpp"

namespace tocsin::daemon {
namespace {
/// `4096`, `64KiB`, `2 GiB`. @returns false when it is none of these.
bool parse_bytes(std::string_view text, std::uint64_t& out) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  while (text.starts_with(' ')) text.remove_prefix(1);
  unsigned shift = 0;
  if (text == "KiB") {
    shift = 10;
  } else if (text == "MiB") {
    shift = 20;
  } else if (text == "GiB") {
    shift = 30;
  } else if (!text.empty() && text != "B") {
    return false;
  }
  if (count > (UINT64_MAX >> shift)) return false;
  out = count << shift;
  return true;
}

std::string in_bytes(std::uint64_t size) {
  if (size >= 1U << 30U && size % (1U << 30U) == 0) return std::to_string(size >> 30U) + "GiB";
  if (size >= 1U << 20U && size % (1U << 20U) == 0) return std::to_string(size >> 20U) + "MiB";
  return std::to_string(size >> 10U) + "KiB";
}
}  // namespace

Place place_of(const toml::source_region& region) {
  return {static_cast<std::uint32_t>(region.begin.line), static_cast<std::uint32_t>(region.begin.column)};
}

Place place_of(const toml::node* node) { return node == nullptr ? Place{} : place_of(node->source()); }

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string TableReader::name_of_(std::string_view key) const {
  return where_.empty() ? in_quotes(key) : in_quotes(key) + " in " + where_;
}

std::string TableReader::all_known_() const {
  std::string text;
  for (const auto key : known_) text += (text.empty() ? "" : ", ") + std::string(key);
  return text;
}

void TableReader::wrong(const toml::node& node, std::string_view key, const std::string& must) {
  refuse(place_of(node.source()), name_of_(key) + " " + must);
}

const toml::node* TableReader::find(std::string_view key, std::string_view mend_when_missing) {
  known_.push_back(key);
  const auto* node = table_.get(key);
  if (node == nullptr && !mend_when_missing.empty()) {
    refuse(place(), "no " + name_of_(key) + "; " + std::string(mend_when_missing));
  }
  return node;
}

const toml::table* TableReader::table(std::string_view key, std::string_view mend_when_missing) {
  const auto* node = find(key, mend_when_missing);
  if (node == nullptr) return nullptr;
  const auto* table = node->as_table();
  if (table == nullptr) wrong(*node, key, "must be a table: [" + std::string(key) + "]");
  return table;
}

bool TableReader::text(std::string_view key, std::string& out, std::string_view mend_when_missing) {
  const auto* node = find(key, mend_when_missing);
  if (node == nullptr) return false;
  const auto value = node->value_exact<std::string>();
  if (!value || value->empty()) {
    wrong(*node, key, "must be a text that is not empty");
    return false;
  }
  out = *value;
  return true;
}

bool TableReader::boolean(std::string_view key, bool& out) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  const auto value = node->value_exact<bool>();
  if (!value) {
    wrong(*node, key, "must be true or false");
    return false;
  }
  out = *value;
  return true;
}

bool TableReader::whole_(std::string_view key, std::int64_t& out, std::int64_t low, std::int64_t high) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  const auto value = node->value_exact<std::int64_t>();
  if (!value || *value < low || *value > high) {
    wrong(*node, key, "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return false;
  }
  out = *value;
  return true;
}

bool TableReader::real(std::string_view key, double& out, double low) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  const auto value = node->is_number() ? node->value<double>() : std::optional<double>{};
  if (!value || !std::isfinite(*value) || *value < low) {
    wrong(*node, key, low == 0 ? "must be a number that is not negative" : "must be a finite number");
    return false;
  }
  out = *value;
  return true;
}

bool TableReader::span(std::string_view key, engine::Span& out, engine::Span most, std::string_view most_text) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  const auto value = node->value_exact<std::string>();
  engine::Span parsed = 0;
  if (!value || !parse_span(*value, parsed) || parsed > most) {
    wrong(*node, key, "must be a duration such as \"90s\", at most " + std::string(most_text));
    return false;
  }
  out = parsed;
  return true;
}

bool TableReader::bytes(std::string_view key, std::uint64_t& out, std::uint64_t low, std::uint64_t high) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  std::uint64_t size = 0;
  bool right = false;
  if (const auto whole = node->value_exact<std::int64_t>()) {
    right = *whole >= 0;
    size = right ? static_cast<std::uint64_t>(*whole) : 0;
  } else if (const auto text = node->value_exact<std::string>()) {
    right = parse_bytes(*text, size);
  }
  if (!right || (size != 0 && (size < low || size > high))) {
    wrong(*node, key, "must be a size such as \"64MiB\", 0 or from " + in_bytes(low) + " to " + in_bytes(high));
    return false;
  }
  out = size;
  return true;
}

bool TableReader::texts(std::string_view key, std::vector<PlacedText>& out, std::string_view mend_when_missing) {
  const auto* node = find(key, mend_when_missing);
  if (node == nullptr) return false;
  const auto* list = node->as_array();
  if (list == nullptr) {
    wrong(*node, key, "must be a list of texts, such as [\"a\", \"b\"]");
    return false;
  }
  for (const auto& element : *list) {
    const auto value = element.value_exact<std::string>();
    if (!value || value->empty()) {
      wrong(element, key, "may hold texts only");
      continue;
    }
    out.push_back({*value, place_of(element.source())});
  }
  return true;
}

bool TableReader::text_or_texts(std::string_view key, std::vector<PlacedText>& out,
                                std::string_view mend_when_missing) {
  const auto* node = table_.get(key);
  if (node != nullptr && node->is_array()) return texts(key, out, mend_when_missing);
  std::string one;
  if (!text(key, one, mend_when_missing)) return false;
  out.push_back({std::move(one), place(key)});
  return true;
}

bool TableReader::all_or_texts(std::string_view key, bool& all, std::vector<PlacedText>& out) {
  const auto* node = table_.get(key);
  if (node == nullptr || !node->is_string()) return texts(key, out);
  known_.push_back(key);
  all = node->value_exact<std::string>() == "all";
  if (!all) wrong(*node, key, "must be \"all\" or a list of texts, such as [\"a\", \"b\"]");
  return all;
}

int TableReader::choice(std::string_view key, std::span<const std::string_view> choices) {
  const auto* node = find(key);
  if (node == nullptr) return -1;
  const auto value = node->value_exact<std::string>();
  for (std::size_t i = 0; value && i < choices.size(); ++i) {
    if (*value == choices[i]) return static_cast<int>(i);
  }
  std::string all;
  for (const auto one : choices) all += (all.empty() ? "" : " or ") + in_quotes(one);
  wrong(*node, key, "must be " + all + (value ? did_you_mean(*value, choices) : std::string{}));
  return -1;
}

void TableReader::refuse_unknown() {
  for (const auto& [key, node] : table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
    const auto near = did_you_mean(key.str(), known_);
    refuse(place_of(key.source()),
           "unknown key " + name_of_(key.str()) + (near.empty() ? "; known here: " + all_known_() : near));
  }
}
}  // namespace tocsin::daemon
