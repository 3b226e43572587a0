// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

#include "tocsin/text/json_lines.hpp"

#include "json_writer.hpp"
#include "line_keys.hpp"

namespace tocsin::text {
struct Line::Storage {
  std::string text;  // all texts of the line, one after the other; reserved once, so views into it stay good
};

Line::Line() = default;
Line::~Line() = default;
Line::Line(Line&&) noexcept = default;
Line& Line::operator=(Line&&) noexcept = default;

namespace {
using engine::InputKind;
using nlohmann::json;

constexpr std::size_t kEchoBytesMax = 60;

// What people typed, in a message: quoted, escaped, not too long.
std::string echo_of(std::string_view text) {
  std::size_t end = std::min(text.size(), kEchoBytesMax);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  JsonWriter writer;
  writer.text(text.substr(0, end));
  return writer.take() + (end < text.size() ? "..." : "");
}

// Valid UTF-8 is given. True for a control character other than those allowed.
bool has_control(std::string_view text, std::string_view allowed) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < 0x20 || byte == 0x7F) && allowed.find(text[i]) == std::string_view::npos) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

/// Walks a line and tells how far the parser has read: the library gives no positions to its handlers.
class CountingIterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** seen) : at_{at}, seen_{seen} {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *seen_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** seen_;
};

/// Fills an InputView as the parser finds keys and values; the first thing wrong ends the parse.
class Handler final : public nlohmann::json_sax<json> {
 public:
  Handler(std::string_view line, const char* const& seen, std::string& storage, wire::InputView& view,
          std::string& error)
      : line_{line}, seen_{seen}, storage_{storage}, view_{view}, error_{error} {}

  bool null() override { return in_object() && fail(describe() + " is null: leave the key out when there is nothing"); }
  bool boolean(bool value) override { return in_object() && wrong_type(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) override {  // negative only
    return in_object() && take_number(static_cast<double>(value));
  }
  bool number_unsigned(std::uint64_t value) override {
    if (!in_object()) return false;
    if (rule_->type == KeyType::seq) return take_seq(value);
    if (rule_->type == KeyType::credibility && value >= 1 && value <= 6) {
      view_.credibility = static_cast<std::uint8_t>(value);
      return true;
    }
    return take_number(static_cast<double>(value));
  }
  bool number_float(double value, const std::string& source) override {
    return in_object() && take_number(value, source);
  }
  bool string(std::string& value) override { return in_object() && take_text(value); }
  bool binary(json::binary_t& /*value*/) override { return wrong_type("binary"); }  // JSON has none

  bool start_object(std::size_t /*elements*/) override {
    if (depth_++ == 0) return true;
    return wrong_type("an object");
  }
  bool end_object() override { return true; }
  bool key(std::string& name) override;
  bool start_array(std::size_t /*elements*/) override {
    if (!in_object()) return false;
    if (rule_->type != KeyType::list || in_list_) return wrong_type("an array");
    in_list_ = true;
    return true;
  }
  bool end_array() override {
    in_list_ = false;
    return list_size() > 0 || fail(describe() + " is empty: leave the key out");
  }
  bool parse_error(std::size_t position, const std::string& token, const json::exception& problem) override;

  /// After a parse without error: what no single key can tell.
  bool finish();

 private:
  bool fail(const std::string& what) { return fail_at(column_, what); }
  bool fail_at(std::size_t column, const std::string& what) {
    error_ = "column " + std::to_string(column) + ": " + what;
    return false;
  }
  [[nodiscard]] std::string describe() const { return echo_of(rule_->name); }
  bool wrong_type(std::string_view found) {
    return fail(describe() + " must be " + expectation_of(rule_->type) + ", not " + std::string{found});
  }
  // A value before the first key: the line is not an object.
  bool in_object() {
    return rule_ != nullptr || fail_at(1, "a line is one object in braces, like {\"feed\":\"x\",\"seq\":1,...}");
  }
  std::uint8_t& list_size() { return rule_->key == Key::tag ? view_.tags.size : view_.release.size; }
  std::string_view store(std::string_view text) {
    const std::size_t start = storage_.size();
    storage_.append(text);
    return std::string_view{storage_}.substr(start);
  }

  bool take_seq(std::uint64_t value);
  bool take_number(double value) { return take_number(value, format_number(value)); }
  bool take_number(double value, std::string_view source);
  bool take_text(std::string_view value);
  bool take_instant(std::string_view value);
  bool take_word(std::string_view value);
  bool take_list_item(std::string_view value);
  bool check_text(std::string_view value, std::size_t bytes_max, std::string_view allowed_controls);
  bool find_kind();
  bool check_keys();
  bool check_relations();
  bool require(std::initializer_list<Key> keys);
  [[nodiscard]] bool has(Key key) const { return columns_[static_cast<std::size_t>(key)] != 0; }
  [[nodiscard]] std::size_t column_of(Key key) const { return columns_[static_cast<std::size_t>(key)]; }

  std::string_view line_;
  const char* const& seen_;
  std::string& storage_;
  wire::InputView& view_;
  std::string& error_;
  const KeyRule* rule_ = nullptr;
  std::size_t column_ = 1;                        // of the key in hand, from 1
  std::array<std::size_t, kKeyCount> columns_{};  // of each key, 0: not there
  int depth_ = 0;
  bool in_list_ = false;
};

bool Handler::key(std::string& name) {
  column_ = start_of_key(line_, static_cast<std::size_t>(seen_ - line_.data())) + 1;
  rule_ = find_rule(name);
  if (rule_ == nullptr) {
    const std::string_view near = nearest_key(name);
    const std::string hint = near.empty() ? "; the keys are " + all_keys() : "; did you mean " + echo_of(near) + "?";
    return fail(echo_of(name) + " is not a key" + hint);
  }
  std::size_t& column = columns_[static_cast<std::size_t>(rule_->key)];
  if (column != 0) return fail(describe() + " is there twice (first in column " + std::to_string(column) + ")");
  column = column_;
  return true;
}

bool Handler::parse_error(std::size_t position, const std::string& /*token*/, const json::exception& problem) {
  constexpr int kOutOfRange = 406;
  if (problem.id == kOutOfRange) {
    return fail((rule_ != nullptr ? describe() : "a number") + " is too large for a number: write a finite one");
  }
  const std::string_view what{problem.what()};
  if (what.find("UTF-8") != std::string_view::npos) {
    return fail_at(position, "this is not UTF-8: save the file as UTF-8");
  }
  constexpr std::string_view kBefore = "syntax error ";
  std::string reason = "check quotes, commas and braces";
  if (const std::size_t start = what.find(kBefore); start != std::string_view::npos) {
    const std::string_view rest = what.substr(start + kBefore.size());
    reason = rest.substr(0, rest.find("; last read"));  // what was read may hold anything
  }
  return fail_at(position, "this is not JSON: " + reason);
}

bool Handler::take_seq(std::uint64_t value) {
  if (value >= engine::kSeqEnd) return fail(describe() + " must be " + expectation_of(KeyType::seq));
  if (rule_->key == Key::seq) {
    view_.seq = value;
  } else {
    view_.target_seq = value;
  }
  return true;
}

bool Handler::take_number(double value, std::string_view source) {
  if (rule_->type != KeyType::number) return wrong_type(source.substr(0, kEchoBytesMax));
  if (!std::isfinite(value)) return fail(describe() + " must be a finite number");
  if (rule_->key == Key::value) {
    view_.value = value;
    return true;
  }
  const double limit = rule_->key == Key::lat ? 90.0 : 180.0;
  if (std::fabs(value) > limit) {
    return fail(describe() + " must be degrees from -" + format_number(limit) + " to " + format_number(limit));
  }
  (rule_->key == Key::lat ? view_.latitude : view_.longitude) = value;
  return true;
}

bool Handler::check_text(std::string_view value, std::size_t bytes_max, std::string_view allowed_controls) {
  if (value.empty()) return fail(describe() + " is empty: leave the key out");
  if (value.size() > bytes_max) {
    return fail(describe() + " is longer than " + std::to_string(bytes_max) + " bytes: shorten it");
  }
  if (has_control(value, allowed_controls)) return fail(describe() + " has a control character: take it out");
  return true;
}

bool Handler::take_text(std::string_view value) {
  switch (rule_->type) {
    case KeyType::name:
      if (!check_text(value, wire::kNameBytesMax, "")) return false;
      break;
    case KeyType::ref:
      if (!check_text(value, wire::kRefBytesMax, "")) return false;
      break;
    case KeyType::note:
      if (!check_text(value, wire::kNoteBytesMax, "\t\n")) return false;
      break;
    case KeyType::instant:
      return take_instant(value);
    case KeyType::marking:
    case KeyType::status:
      return take_word(value);
    case KeyType::list:
      return in_list_ ? take_list_item(value) : wrong_type(echo_of(value));
    case KeyType::seq:
    case KeyType::number:
    case KeyType::credibility:
      return wrong_type(echo_of(value));
  }
  view_.*rule_->text = store(value);
  return true;
}

bool Handler::take_instant(std::string_view value) {
  engine::Instant instant = 0;
  if (!parse_instant(value, instant)) {
    return fail(describe() + ": " + echo_of(value) + " is not a time that exists; write " +
                expectation_of(KeyType::instant));
  }
  if (rule_->key == Key::received) {
    view_.received = instant;
  } else {
    view_.time = instant;
  }
  return true;
}

bool Handler::take_word(std::string_view value) {
  if (rule_->type == KeyType::status) {
    for (const auto status : {engine::Status::actual, engine::Status::exercise, engine::Status::test}) {
      if (value != name_of(status)) continue;
      view_.status = status;
      return true;
    }
  } else {
    for (std::uint8_t i = 1; i <= static_cast<std::uint8_t>(wire::Marking::red); ++i) {
      if (value != name_of(static_cast<wire::Marking>(i))) continue;
      view_.marking = static_cast<wire::Marking>(i);
      return true;
    }
  }
  return wrong_type(echo_of(value));
}

bool Handler::take_list_item(std::string_view value) {
  if (!check_text(value, wire::kNameBytesMax, "")) return false;
  std::uint8_t& size = list_size();
  static_assert(wire::kTagsMax == wire::kReleasesMax);
  if (size == wire::kTagsMax) {
    return fail(describe() + " has more than " + std::to_string(wire::kTagsMax) + " items: leave some out");
  }
  (rule_->key == Key::tag ? view_.tags.items[size] : view_.release.items[size]) = store(value);
  ++size;
  return true;
}

bool Handler::finish() { return find_kind() && check_keys() && check_relations(); }

bool Handler::find_kind() {
  int kinds = 0;
  for (const auto& [key, kind] :
       {std::pair{Key::heartbeat, InputKind::heartbeat}, std::pair{Key::retracts, InputKind::retraction},
        std::pair{Key::clock, InputKind::clock}}) {
    if (!has(key)) continue;
    if (++kinds > 1) return fail_at(column_of(key), "a line is one of heartbeat, retraction and clock, not several");
    view_.kind = kind;
  }
  return true;
}

bool Handler::check_keys() {
  for (const KeyRule& rule : key_rules()) {
    if (!has(rule.key) || (rule.lines & line_bit(view_.kind)) != 0) continue;
    return fail_at(column_of(rule.key),
                   echo_of(rule.name) + " does not belong in a " + std::string{line_name(view_.kind)} + " line");
  }
  switch (view_.kind) {
    case InputKind::report:
      return require({Key::feed, Key::indicator, Key::time});
    case InputKind::heartbeat:
      return require({Key::feed});
    case InputKind::retraction:
      return require({Key::feed, Key::time});
    case InputKind::clock:
      break;
  }
  return true;
}

bool Handler::require(std::initializer_list<Key> keys) {
  for (const Key key : keys) {
    if (has(key)) continue;
    error_ = "a " + std::string{line_name(view_.kind)} + " line needs the key " +
             echo_of(key_rules()[static_cast<std::size_t>(key)].name);
    return false;
  }
  return true;
}

bool Handler::check_relations() {
  if (has(Key::lat) != has(Key::lon)) {
    return fail_at(column_of(Key::lat) + column_of(Key::lon), "\"lat\" and \"lon\" go together: give both or none");
  }
  if (view_.seq.has_value() && view_.seq == view_.target_seq) {
    const Key key = view_.kind == InputKind::retraction ? Key::retracts : Key::supersedes;
    return fail_at(column_of(key), echo_of(key_rules()[static_cast<std::size_t>(key)].name) +
                                       " names the line itself: give the seq of the earlier report");
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}
}  // namespace

bool parse_line(std::string_view line, Line& out, std::string& error) {
  if (line.size() > kLineBytesMax) {
    error = "the line is longer than " + std::to_string(kLineBytesMax) + " bytes: shorten its note";
    return false;
  }
  line = trimmed(line);  // the front stays, so that columns are those of the file
  if (line.empty()) {
    error = "the line is empty: take it out";
    return false;
  }
  if (line.find('\0') != std::string_view::npos) {  // the JSON reader would take it for the end
    error = "the line holds a NUL byte: is this a text file?";
    return false;
  }
  Line parsed;
  parsed.storage_ = std::make_unique<Line::Storage>();
  parsed.storage_->text.reserve(line.size());  // escapes only make a text longer
  const char* seen = line.data();
  Handler handler{line, seen, parsed.storage_->text, parsed.view_, error};
  try {
    const CountingIterator first{line.data(), &seen};
    const CountingIterator last{line.data() + line.size(), &seen};
    if (!json::sax_parse(first, last, &handler) || !handler.finish()) return false;
  } catch (const json::exception&) {
    error = "this is not JSON: check quotes, commas and braces";
    return false;
  }
  out = std::move(parsed);
  return true;
}
}  // namespace tocsin::text
