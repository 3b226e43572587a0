// SPDX-License-Identifier: Apache-2.0
#include "shelves.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "tocsin/daemon/log.hpp"

#include "level_name.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::array<std::string_view, 7> kEnds{"", "time", "rose", "cleared", "book", "lapsed", "operator"};

/// The next word of `text`, which then begins after the blank behind it.
std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

/// Takes `key=value` off the front of `text`. @returns nothing, and leaves it, when another key stands there.
std::optional<std::string_view> take_field(std::string_view& text, std::string_view key) {
  if (!text.starts_with(key) || text.size() <= key.size() || text[key.size()] != '=') return std::nullopt;
  text.remove_prefix(key.size() + 1);
  return take_word(text);
}

/// Takes a number and the letter behind it. @returns -1 when that is not there.
int take_number(std::string_view& text, char behind) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0 || end == text.data() + text.size() || *end != behind) return -1;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return value;
}

/// `2026-05-01T08:00:00Z`, which is what format_time() gives for whole seconds.
std::optional<engine::Instant> parse_time(std::string_view text) {
  namespace chrono = std::chrono;
  const int year = take_number(text, '-');
  const int month = take_number(text, '-');
  const int day = take_number(text, 'T');
  const int hour = take_number(text, ':');
  const int minute = take_number(text, ':');
  const int second = take_number(text, text.find('.') == std::string_view::npos ? 'Z' : '.');
  const chrono::year_month_day date{chrono::year{year}, chrono::month{static_cast<unsigned>(month)},
                                    chrono::day{static_cast<unsigned>(day)}};
  if (year < 1970 || year > 9999 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0) {
    return std::nullopt;
  }
  const auto days = chrono::sys_days{date}.time_since_epoch().count();
  return ((engine::Instant{days} * 24 + hour) * 60 + minute) * 60'000 + engine::Instant{second} * 1000;
}

/// A level that an alert can be raised at.
std::optional<engine::Level> parse_level(std::string_view name) {
  for (auto level = engine::Level::calm; level <= engine::Level::critical;
       level = static_cast<engine::Level>(static_cast<int>(level) + 1)) {
    if (name_of(level) == name) return level;
  }
  return std::nullopt;
}

/// `none` for what is no name of one.
ShelfEnd parse_end(std::string_view name) {
  const auto found = std::find(kEnds.begin(), kEnds.end(), name);
  return found == kEnds.end() ? ShelfEnd::none : static_cast<ShelfEnd>(found - kEnds.begin());
}
}  // namespace

std::string_view name_of(ShelfEnd end) { return kEnds.at(static_cast<std::size_t>(end)); }

std::string act_text(const Shelf& shelf) {
  std::string text = shelf.alert + " until=" + format_time(shelf.until) + " level=";
  text += name_of(std::min(shelf.level, engine::Level::critical));
  if (shelf.until_clear) text += " or=cleared";
  return text + " why=" + shelf.why;
}

std::string act_text(std::string_view alert, ShelfEnd end, std::string_view note) {
  std::string text = std::string{alert} + " end=" + std::string{name_of(end)};
  if (!note.empty()) text += " why=" + std::string{note};
  return text;
}

std::optional<Shelf> shelf_of(const journal::Act& act) {
  auto text = act.text;
  Shelf shelf;
  shelf.alert = take_word(text);
  shelf.by = act.principal;
  shelf.at = act.at;
  const auto until = take_field(text, "until");
  const auto time = until ? parse_time(*until) : std::nullopt;
  const auto level = take_field(text, "level");
  const auto known = level ? parse_level(*level) : std::nullopt;
  if (shelf.alert.empty() || !time || !known) return std::nullopt;
  shelf.until = *time;
  shelf.level = *known;
  shelf.until_clear = take_field(text, "or").has_value();
  if (text.starts_with("why=")) shelf.why = text.substr(4);
  return shelf;
}

void Shelves::replay(const journal::Act& act, const NameOf& name_of) {
  if (act.kind == "shelve") {
    if (auto shelf = shelf_of(act)) put(std::move(*shelf));
    return;
  }
  if (act.kind == "acknowledge") {
    if (ended() == 0) return;
    std::uint64_t number = 0;
    (void)std::from_chars(act.text.data(), act.text.data() + act.text.size(), number);
    return acknowledge(name_of(number));
  }
  if (act.kind != "unshelve") return;
  auto text = act.text;
  auto* shelf = find(take_word(text));
  if (shelf == nullptr) return;
  const auto why = parse_end(take_field(text, "end").value_or(std::string_view{}));
  if (why == ShelfEnd::time || why == ShelfEnd::rose) {
    shelf->end = why;
    shelf->ended_at = act.at;
  } else {
    const std::string alert = shelf->alert;
    (void)remove(alert);
  }
}

void Shelves::put(Shelf shelf) {
  if (auto* old = find(shelf.alert)) {
    *old = std::move(shelf);
  } else {
    shelves_.push_back(std::move(shelf));
  }
}

bool Shelves::remove(std::string_view alert) {
  return std::erase_if(shelves_, [alert](const Shelf& shelf) { return shelf.alert == alert; }) > 0;
}

void Shelves::acknowledge(std::string_view alert) {
  std::erase_if(shelves_, [alert](const Shelf& shelf) { return shelf.alert == alert && !shelf.stands(); });
}

Shelf* Shelves::find(std::string_view alert) {
  const auto found =
      std::find_if(shelves_.begin(), shelves_.end(), [alert](const Shelf& shelf) { return shelf.alert == alert; });
  return found == shelves_.end() ? nullptr : &*found;
}

std::size_t Shelves::ended() const {
  return static_cast<std::size_t>(
      std::count_if(shelves_.begin(), shelves_.end(), [](const Shelf& shelf) { return !shelf.stands(); }));
}
}  // namespace tocsin::daemon
