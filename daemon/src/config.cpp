// SPDX-License-Identifier: Apache-2.0
#include "tocsin/daemon/config.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tocsin/daemon/batch.hpp"
#include "tocsin/journal/memory.hpp"

#include "config_parts.hpp"
#include "toml_scan.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::size_t kConfigBytesMax = 256 * 1024;
constexpr engine::Span kDayMs = 86'400'000;
constexpr std::uint64_t kPageBytes = 4096;

std::string beside(const std::string& config_file, const std::string& path) {
  const std::filesystem::path given{path};
  if (given.is_absolute()) return path;
  return (std::filesystem::path{config_file}.parent_path() / given).lexically_normal().string();
}

/// `source`, `status`, `max_skew` and `believe`, or the same at the top of the file under the names it had first.
void read_clock_keys(TableReader& reader, std::string_view source, Config& out) {
  static constexpr std::array<std::string_view, 2> kSources{"system", "input"};
  static constexpr std::array<std::string_view, 2> kLabels{"exercise", "test"};
  if (reader.choice(source, kSources) == 1) {
    out.clock = ClockSource::input;
    out.label = engine::Status::test;
  }
  const int label = reader.choice("status", kLabels);
  (void)reader.span("max_skew", out.max_skew_ms, kDayMs, "1d");
  const auto place = reader.place("status");
  if (place.line == 0) return;
  if (out.clock == ClockSource::system) {
    reader.refuse(place, "\"status\" goes with " + std::string(source) + " = \"input\" only; remove it, or set " +
                             std::string(source) + " = \"input\"");
    return;
  }
  if (label == 0) out.label = engine::Status::exercise;
}

void read_clock(const toml::table& top, TableReader& reader, Config& out) {
  const auto* const node = top.get("clock");
  if (node == nullptr || !node->is_table()) {
    read_clock_keys(reader, "clock", out);
    return;
  }
  TableReader clock{*reader.table("clock"), "[clock]", reader.problems()};
  read_clock_keys(clock, "source", out);
  (void)clock.span("believe", out.believe_ms, 365 * kDayMs, "365d");
  clock.refuse_unknown();
}

void read_journal_table(TableReader& reader, Config& out) {
  constexpr std::uint64_t kMiB = 1U << 20U;
  auto& bounds = out.journal_bounds;
  if (reader.text("path", out.journal, "add path = \"/var/lib/tocsin/journal.db\"")) {
    out.journal = beside(out.file, out.journal);
  }
  // Below 4 MiB there is no room to recover from a full disk.
  (void)reader.bytes("bytes_max", bounds.bytes_max, 4 * kMiB, 4096 * 1024 * kMiB);
  (void)reader.span("retain_age", bounds.retain_age_ms, 36'500 * kDayMs, "36500d");
  (void)reader.bytes("retain_bytes", bounds.retain_bytes, kMiB, 4096 * 1024 * kMiB);
  std::uint64_t arena = bounds.arena_bytes;
  if (reader.bytes("arena_bytes", arena, journal::kArenaBytesMin, 64 * kMiB))
    bounds.arena_bytes = static_cast<std::uint32_t>(arena);
  (void)reader.number("cache_pages", bounds.cache_pages, 64, 65'536);
  reader.refuse_unknown();
}

void read_journal(const toml::table& top, TableReader& reader, Config& out) {
  const auto* const node = top.get("journal");
  if (node != nullptr && node->is_table()) {
    TableReader journal{*reader.table("journal"), "[journal]", reader.problems()};
    read_journal_table(journal, out);
  } else if (reader.text("journal", out.journal, "add journal = \"/var/lib/tocsin/journal.db\"")) {
    out.journal = beside(out.file, out.journal);
  }
}

void read_keys(TableReader& top, Config& out) {
  const auto* table = top.table("keys");
  if (table == nullptr) return;
  TableReader reader{*table, "[keys]", top.problems()};
  out.keys.place = reader.place();
  if (reader.text("folder", out.keys.folder, "name the folder that `tocsin keys init` made")) {
    out.keys.folder = beside(out.file, out.keys.folder);
    out.keys.place = reader.place("folder");
  }
  reader.refuse_unknown();
}

void read_bounds(TableReader& top, Config& out) {
  const auto* table = top.table("bounds");
  if (table != nullptr) {
    TableReader reader{*table, "[bounds]", top.problems()};
    (void)reader.number("receive_high_water", out.bounds.receive_high_water, 1, 1000);
    (void)reader.number("send_high_water", out.bounds.send_high_water, 1, 1000);
    (void)reader.number("peers", out.bounds.peers, 1, 1000);
    (void)reader.number("journal_pages", out.bounds.journal_pages, 0, 1'000'000'000);
    std::uint64_t batch = out.bounds.batch_bytes;
    if (reader.bytes("batch_bytes", batch, Batch::kBytesMin, Batch::kBytesMax)) {
      out.bounds.batch_bytes = static_cast<std::uint32_t>(batch);
    }
    if (out.bounds.journal_pages > 0 && out.journal_bounds.bytes_max > 0) {
      reader.refuse(reader.place("journal_pages"),
                    "\"journal_pages\" in [bounds] says the same as \"bytes_max\" in [journal]; remove one of them");
    }
    reader.refuse_unknown();
  }
  if (out.journal_bounds.bytes_max > 0) {
    out.bounds.journal_pages = static_cast<std::uint32_t>(out.journal_bounds.bytes_max / kPageBytes);
  } else {
    out.journal_bounds.bytes_max = out.bounds.journal_pages * kPageBytes;
  }
}

void read_top(const toml::table& table, Config& out, std::vector<ConfigProblem>& problems) {
  TableReader reader{table, "", problems};
  if (reader.text("site", out.site) && out.site.size() > 64) {
    reader.wrong(*table.get("site"), "site", "must be at most 64 bytes");
  }
  if (reader.text("image", out.image, "add image = \"book.tcn\", made by `tocsin compile`")) {
    out.image = beside(out.file, out.image);
    out.image_place = reader.place("image");
  }
  read_journal(table, reader, out);
  read_clock(table, reader, out);
  (void)reader.span("shelve_max", out.shelve_max_ms, 30 * kDayMs, "30d");
  (void)reader.number("linger_ms", out.linger_ms, 0, 10'000);
  (void)reader.number("heartbeat_linger_ms", out.heartbeat_linger_ms, 0, 600'000);
  (void)reader.number("checkpoint_reports", out.checkpoint_reports, 1, 100'000'000);
  (void)reader.boolean("realtime", out.realtime);
  (void)reader.boolean("lock_memory", out.lock_memory);
  read_keys(reader, out);  // before the sockets: what may be listened on depends on it
  read_sockets(reader, out);
  read_principals(reader, out);
  read_audiences(reader, out);
  read_quota(reader, out.quota);
  read_bounds(reader, out);
  reader.refuse_unknown();
}

/// The unit at the start of `text` in milliseconds, longest first; `size` is its length.
engine::Span unit_ms(std::string_view text, std::size_t& size) {
  struct Unit {
    std::string_view name;
    engine::Span ms;
  };
  static constexpr std::array<Unit, 6> kUnits{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"w", 604'800'000}}};
  for (const auto& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    size = unit.name.size();
    return unit.ms;
  }
  return 0;
}
}  // namespace

bool parse_span(std::string_view text, engine::Span& out) {
  engine::Span total = 0;
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0 || digits > 12) return false;
    engine::Span count = 0;
    (void)std::from_chars(text.data(), text.data() + digits, count);  // at most 12 digits: it fits
    text.remove_prefix(digits);
    std::size_t unit_size = 0;
    const engine::Span unit = unit_ms(text, unit_size);
    if (unit == 0 || count > (engine::kSpanMax - total) / unit) return false;
    text.remove_prefix(unit_size);
    total += count * unit;
    if (text.empty()) {
      out = total;
      return true;
    }
  }
  return false;
}

bool parse_config(std::string_view text, const std::string& file, Config& out, std::vector<ConfigProblem>& problems) {
  const std::size_t before = problems.size();
  out = Config{};
  out.file = file;
  if (const auto fault = find_toml_fault(text); fault.text != nullptr) {
    problems.push_back({fault.place, false,
                        "this is not TOML: " + std::string(fault.text) + "; mend this first, the rest was not read"});
    return false;
  }
  const auto result = toml::parse(text, file);
  if (result.failed()) {
    problems.push_back({place_of(result.error().source()), false,
                        "this is not TOML: " + std::string(result.error().description()) +
                            "; mend this first, the rest was not read"});
    return false;
  }
  read_top(result.table(), out, problems);
  check_whole(out, problems);
  std::stable_sort(problems.begin() + static_cast<std::ptrdiff_t>(before), problems.end(),
                   [](const ConfigProblem& a, const ConfigProblem& b) { return a.place.line < b.place.line; });
  return !any_error(problems, before);
}

bool load_config(const std::string& file, Config& out, std::vector<ConfigProblem>& problems) {
  std::ifstream stream{file, std::ios::binary};
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf())) {
    problems.push_back({{}, false, "cannot be read; check the path and the permissions"});
    return false;
  }
  if (text.view().size() > kConfigBytesMax) {
    problems.push_back({{}, false, "is larger than 256 KiB; this is no config of tocsind"});
    return false;
  }
  return parse_config(text.view(), file, out, problems);
}

std::string format_problem(const std::string& file, const ConfigProblem& problem) {
  std::string text = file;
  if (problem.place.line > 0) {
    text += ":" + std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column);
  }
  return text + (problem.warning ? ": warning: " : ": error: ") + problem.text;
}
}  // namespace tocsin::daemon
