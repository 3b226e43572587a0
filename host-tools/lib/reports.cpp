// SPDX-License-Identifier: Apache-2.0
#include "lib/reports.hpp"

#include <algorithm>

#include "tocsin/engine/base/check.hpp"

#include "lib/files.hpp"

namespace tocsin::tools {
namespace {
bool is_blank(std::string_view text) { return text.find_first_not_of(" \t") == std::string_view::npos; }

bool is_numbered_kind(engine::InputKind kind) {
  return kind == engine::InputKind::report || kind == engine::InputKind::retraction;
}
}  // namespace

bool Reports::read(const std::vector<std::string>& paths, const Complain& complain) {
  for (const std::string& path : paths) {
    std::string content;
    std::string error;
    if (!read_file(path, content, error)) {
      complain(error);
      return false;
    }
    if (!add(path == "-" ? "(stdin)" : path, std::move(content), complain)) return false;
  }
  return check_numbering(complain);
}

bool Reports::add(std::string name, std::string content, const Complain& complain) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (names_.size() >= UINT32_MAX) return false;
  names_.push_back(std::move(name));
  contents_.push_back(std::make_unique<std::string>(std::move(content)));
  std::string_view rest = *contents_.back();
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  for (std::uint32_t line = 1; !rest.empty(); ++line) {
    const std::size_t end = rest.find('\n');
    std::string_view text = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (!is_blank(text)) add_line(line, text, complain);
  }
  return true;
}

void Reports::add_line(std::uint32_t line, std::string_view text, const Complain& complain) {
  Item item{.file = static_cast<std::uint32_t>(names_.size() - 1), .line = line, .text = text, .given_seq = 0};
  text::Line parsed;
  std::string error;
  if (!text::parse_line(text, parsed, error)) {
    ++bad_;
    complain(where(item) + ": " + error);
    return;
  }
  const wire::InputView& view = parsed.view();
  note_time(view);
  note_number(view, item);
  items_.push_back(item);
}

void Reports::note_time(const wire::InputView& view) {
  if (!first_line_) {
    starts_with_clock_ = view.kind == engine::InputKind::clock;
    first_line_ = starts_with_clock_ ? view.time : view.received.value_or(view.time);
  }
  if (view.kind != engine::InputKind::report && view.kind != engine::InputKind::heartbeat) return;
  earliest_ = std::min(earliest_.value_or(view.time), view.time);
}

void Reports::note_number(const wire::InputView& view, Item& item) {
  if (!is_numbered_kind(view.kind)) return;
  auto found = feeds_.find(view.feed);
  if (found == feeds_.end()) found = feeds_.emplace(std::string{view.feed}, Feed{}).first;
  Feed& feed = found->second;
  if (view.seq) {
    if (feed.numbered++ == 0) feed.numbered_where = where(item);
  } else {
    if (feed.unnumbered == 0) feed.unnumbered_where = where(item);
    item.given_seq = ++feed.unnumbered;
  }
}

bool Reports::check_numbering(const Complain& complain) const {
  bool good = true;
  for (const auto& [name, feed] : feeds_) {
    if (feed.numbered == 0 || feed.unnumbered == 0) continue;
    good = false;
    complain(feed.unnumbered_where + ": feed \"" + name + "\" has no `seq` here but has one at " + feed.numbered_where +
             ": number all its lines or none");
  }
  return good;
}

std::string Reports::where(const Item& item) const { return names_[item.file] + ":" + std::to_string(item.line); }

text::Line Reports::parse(const Item& item) const {
  text::Line parsed;
  std::string error;
  const bool again = text::parse_line(item.text, parsed, error);
  TOCSIN_CHECK(again);
  if (item.given_seq != 0) parsed.view().seq = feeds_.find(parsed.view().feed)->second.first + item.given_seq - 1;
  return parsed;
}

std::vector<std::string> Reports::unnumbered_feeds() const {
  std::vector<std::string> names;
  for (const auto& [name, feed] : feeds_) {
    if (feed.unnumbered != 0) names.push_back(name);
  }
  return names;
}

void Reports::number_from(const std::string& feed, std::uint64_t first) {
  const auto found = feeds_.find(feed);
  if (found != feeds_.end()) found->second.first = first;
}

void Reports::refuse_unnumbered(const std::string& feed, const std::string& why, const Complain& complain) {
  refused_ += std::erase_if(items_, [&](const Item& item) {
    if (item.given_seq == 0 || parse(item).view().feed != feed) return false;
    complain(where(item) + ": refused: " + why);
    return true;
  });
  first_line_.reset();
  earliest_.reset();
  starts_with_clock_ = false;
  for (const Item& item : items_) note_time(parse(item).view());
}

std::optional<engine::Instant> Reports::first_instant() const {
  if (!starts_with_clock_ && earliest_) return earliest_;
  return first_line_;
}
}  // namespace tocsin::tools
