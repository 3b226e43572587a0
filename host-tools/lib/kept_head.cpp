// SPDX-License-Identifier: Apache-2.0
#include "lib/kept_head.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "lib/files.hpp"

namespace tocsin::tools {
namespace {
/// The values are numbers and hex, so nothing in them is escaped or looks like a key.
class Values {
 public:
  explicit Values(std::string_view object) : object_{object} {}

  void read(std::string_view key, std::string& out) {
    auto value = after_(key);
    if (!value.starts_with('"')) return miss_(key);
    value.remove_prefix(1);
    out = value.substr(0, value.find('"'));
  }
  template <class Number>
  void read(std::string_view key, Number& out) {
    const auto value = after_(key);
    if (std::from_chars(value.data(), value.data() + value.size(), out).ec != std::errc{}) miss_(key);
  }
  [[nodiscard]] const std::string& missed() const { return missed_; }

 private:
  [[nodiscard]] std::string_view after_(std::string_view key) const {
    constexpr std::string_view kBlanks = " \t\r\n:";
    const auto at = object_.find('"' + std::string{key} + '"');
    if (at == std::string_view::npos) return {};
    const auto rest = object_.substr(at + key.size() + 2);
    return rest.substr(std::min(rest.find_first_not_of(kBlanks), rest.size()));
  }
  void miss_(std::string_view key) {
    if (missed_.empty()) missed_ = key;
  }

  std::string_view object_;
  std::string missed_;
};
}  // namespace

bool read_kept_head(const std::string& path, journal::SignedHead& head, std::string& error) {
  std::string text;
  if (!read_file(path, text, error)) return false;
  const auto begin = text.rfind('{');
  Values values{begin == std::string::npos ? std::string_view{} : std::string_view{text}.substr(begin)};
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
  error = path + ": there is no \"" + values.missed() + "\" in it; give a file with what `tocsin log head` printed";
  return false;
}
}  // namespace tocsin::tools
