// SPDX-License-Identifier: Apache-2.0
#include "lib/kept_head.hpp"

#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "lib/files.hpp"

namespace tocsin::tools {
namespace {
using nlohmann::json;

/// Takes an object's values one by one and keeps the first key that is not there or holds something else.
class Values {
 public:
  explicit Values(const json& object) : object_{object} {}

  void read(const char* key, std::string& out) {
    if (const auto* const value = find_(key, json::value_t::string)) out = value->get<std::string>();
  }
  void read(const char* key, std::uint64_t& out) {
    if (const auto* const value = find_(key, json::value_t::number_unsigned)) out = value->get<std::uint64_t>();
  }
  void read(const char* key, std::int64_t& out) {
    const auto found = object_.find(key);
    const bool negative = found != object_.end() && found->type() == json::value_t::number_integer;
    const auto type = negative ? json::value_t::number_integer : json::value_t::number_unsigned;
    if (const auto* const value = find_(key, type)) out = value->get<std::int64_t>();
  }
  [[nodiscard]] const std::string& missed() const { return missed_; }

 private:
  const json* find_(const char* key, json::value_t type) {
    const auto found = object_.find(key);
    if (found != object_.end() && found->type() == type) return &*found;
    if (missed_.empty()) missed_ = key;
    return nullptr;
  }

  const json& object_;
  std::string missed_;
};

/// The last object of a text that holds one or several, with anything before it.
json last_object(std::string_view text) {
  const auto begin = text.rfind('{');
  return json::parse(begin == std::string_view::npos ? std::string_view{} : text.substr(begin), nullptr, false);
}
}  // namespace

bool read_kept_head(const std::string& path, journal::SignedHead& head, std::string& error) {
  std::string text;
  if (!read_file(path, text, error)) return false;
  const auto object = last_object(text);
  if (!object.is_object()) {
    error = path + ": it does not end with a head; give a file with what `tocsin log head` printed";
    return false;
  }
  Values values{object};
  values.read("batch", head.batch);
  values.read("chain", head.chain);
  values.read("signature", head.signature);
  values.read("public_key", head.public_key);
  values.read("journal", head.journal);
  values.read("at_ms", head.at);
  values.read("alert", head.alert);
  values.read("alert_chain", head.alert_chain);
  values.read("note", head.note);
  values.read("note_chain", head.note_chain);
  if (values.missed().empty()) return true;
  error = path + ": \"" + values.missed() +
          "\" is missing or not of its kind; give a file with what `tocsin log head` printed";
  return false;
}
}  // namespace tocsin::tools
