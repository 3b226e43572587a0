// SPDX-License-Identifier: Apache-2.0
#include "tocsin/daemon/config.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <toml++/toml.h>

#include "near_name.hpp"

namespace tocsin::daemon {
namespace {
using Keys = std::span<const std::string_view>;
constexpr std::size_t kIpcPathMax = 107;  // sockaddr_un
constexpr std::size_t kConfigBytesMax = 256 * 1024;

Place place_of(const toml::source_region& region) {
  return {static_cast<std::uint32_t>(region.begin.line), static_cast<std::uint32_t>(region.begin.column)};
}

Place place_of(const toml::node* node) { return node == nullptr ? Place{} : place_of(node->source()); }

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

/// Takes typed keys out of one table and tells what is wrong with them.
class TableReader {
 public:
  /// @param where  how messages call the table; empty for the top of the file.
  TableReader(const toml::table& table, std::string where, std::vector<ConfigProblem>& problems)
      : table_{table}, where_{std::move(where)}, problems_{problems} {}

  void refuse(Place place, std::string text) { problems_.push_back({place, false, std::move(text)}); }
  [[nodiscard]] Place place() const { return place_of(table_.source()); }

  /// The node of a key, or nullptr; a missing required key is told.
  const toml::node* find(std::string_view key, std::string_view mend_when_missing = {}) {
    known_.push_back(key);
    const auto* node = table_.get(key);
    if (node == nullptr && !mend_when_missing.empty()) {
      refuse(place(), "no " + name_of(key) + "; " + std::string(mend_when_missing));
    }
    return node;
  }

  /// A text that is not empty; `out` stays as it is when the key is absent or wrong.
  bool text(std::string_view key, std::string& out, std::string_view mend_when_missing = {}) {
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

  /// A whole number in low..high.
  template <class Number>
  void number(std::string_view key, Number& out, std::int64_t low, std::int64_t high) {
    const auto* node = find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < low || *value > high) {
      wrong(*node, key, "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
      return;
    }
    out = static_cast<Number>(*value);
  }

  /// A duration up to `most`.
  void span(std::string_view key, engine::Span& out, engine::Span most, std::string_view most_text) {
    const auto* node = find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::string>();
    engine::Span parsed = 0;
    if (!value || !parse_span(*value, parsed) || parsed > most) {
      wrong(*node, key, "must be a duration such as \"90s\", at most " + std::string(most_text));
      return;
    }
    out = parsed;
  }

  /// A list of texts. @returns true when the key is there and right.
  bool texts(std::string_view key, std::vector<PlacedText>& out, std::string_view mend_when_missing = {}) {
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

  /// Tells every key that was never asked for.
  void refuse_unknown() {
    for (const auto& [key, node] : table_) {
      if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
      const auto near = did_you_mean(key.str(), known_);
      refuse(place_of(key.source()),
             "unknown key " + name_of(key.str()) + (near.empty() ? "; known here: " + all_known() : near));
    }
  }

  void wrong(const toml::node& node, std::string_view key, const std::string& must) {
    refuse(place_of(node.source()), name_of(key) + " " + must);
  }

 private:
  [[nodiscard]] std::string name_of(std::string_view key) const {
    return where_.empty() ? in_quotes(key) : in_quotes(key) + " in " + where_;
  }
  [[nodiscard]] std::string all_known() const {
    std::string text;
    for (const auto key : known_) text += (text.empty() ? "" : ", ") + std::string(key);
    return text;
  }

  const toml::table& table_;
  std::string where_;
  std::vector<ConfigProblem>& problems_;
  std::vector<std::string_view> known_;
};

std::string beside(const std::string& config_file, const std::string& path) {
  const std::filesystem::path given{path};
  if (given.is_absolute()) return path;
  return (std::filesystem::path{config_file}.parent_path() / given).lexically_normal().string();
}

/// The text of a choice as an index of `choices`, or -1.
int choice(TableReader& reader, std::string_view key, Keys choices, Place& place) {
  const auto* node = reader.find(key);
  if (node == nullptr) return -1;
  place = place_of(node->source());
  const auto value = node->value_exact<std::string>();
  for (std::size_t i = 0; value && i < choices.size(); ++i) {
    if (*value == choices[i]) return static_cast<int>(i);
  }
  std::string all;
  for (const auto one : choices) all += (all.empty() ? "" : " or ") + in_quotes(one);
  reader.wrong(*node, key, "must be " + all);
  return -1;
}

void read_clock(TableReader& reader, Config& out) {
  static constexpr std::array<std::string_view, 2> kSources{"system", "input"};
  static constexpr std::array<std::string_view, 2> kLabels{"exercise", "test"};
  Place place;
  if (choice(reader, "clock", kSources, place) == 1) {
    out.clock = ClockSource::input;
    out.label = engine::Status::test;
  }
  Place label_place;
  const int label = choice(reader, "status", kLabels, label_place);
  if (label_place.line == 0) return;
  if (out.clock == ClockSource::system) {
    reader.refuse(label_place, "\"status\" goes with clock = \"input\" only; remove it, or set clock = \"input\"");
    return;
  }
  if (label == 0) out.label = engine::Status::exercise;
}

void check_placed_endpoint(TableReader& reader, const std::string& endpoint, Place place) {
  const auto why = check_endpoint(endpoint);
  if (!why.empty()) reader.refuse(place, "endpoint " + in_quotes(endpoint) + " " + why);
}

void read_broadcast(TableReader& sockets, Config& out, std::vector<ConfigProblem>& problems) {
  const auto* node = sockets.find("broadcast");
  if (node == nullptr) return;
  const auto* list = node->as_array();
  if (list == nullptr) {
    sockets.wrong(*node, "broadcast",
                  R"(must be a list such as [{ endpoint = "ipc:///run/x.sock", principal = "x" }])");
    return;
  }
  for (const auto& element : *list) {
    const auto* entry = element.as_table();
    if (entry == nullptr) {
      sockets.wrong(element, "broadcast", R"(may hold { endpoint = "...", principal = "..." } only)");
      continue;
    }
    TableReader reader{*entry, "an entry of broadcast", problems};
    BroadcastConfig broadcast;
    broadcast.place = place_of(entry->source());
    if (reader.text("endpoint", broadcast.endpoint, "name the publisher's endpoint")) {
      check_placed_endpoint(reader, broadcast.endpoint, place_of(entry->get("endpoint")));
    }
    (void)reader.text("principal", broadcast.principal, "say who publishes there");
    reader.refuse_unknown();
    out.broadcast.push_back(std::move(broadcast));
  }
}

void read_one_endpoint(TableReader& reader, const toml::table& table, std::string_view key, std::string_view mend,
                       std::vector<PlacedText>& out) {
  std::string endpoint;
  if (!reader.text(key, endpoint, mend)) return;
  const auto place = place_of(table.get(key));
  check_placed_endpoint(reader, endpoint, place);
  out.push_back({std::move(endpoint), place});
}

void read_sockets(TableReader& top, Config& out, std::vector<ConfigProblem>& problems) {
  const auto* node = top.find("sockets", "add a [sockets] table with ingest, alerts and control");
  if (node == nullptr) return;
  const auto* table = node->as_table();
  if (table == nullptr) {
    top.wrong(*node, "sockets", "must be a table: [sockets]");
    return;
  }
  TableReader reader{*table, "[sockets]", problems};
  if (reader.texts("ingest", out.ingest)) {
    for (const auto& endpoint : out.ingest) check_placed_endpoint(reader, endpoint.text, endpoint.place);
  }
  read_broadcast(reader, out, problems);
  read_one_endpoint(reader, *table, "alerts", "add alerts = \"ipc:///run/tocsin/alerts.sock\"", out.alerts);
  read_one_endpoint(reader, *table, "control", "add control = \"ipc:///run/tocsin/control.sock\"", out.control);
  if (out.ingest.empty() && out.broadcast.empty()) {
    reader.refuse(reader.place(),
                  "nothing to listen to; add ingest = [\"ipc:///run/tocsin/ingest.sock\"] or broadcast");
  }
  reader.refuse_unknown();
}

void read_principal(const std::string& name, const toml::key& key, const toml::node& node, Config& out,
                    std::vector<ConfigProblem>& problems) {
  const auto place = place_of(key.source());
  const auto* table = node.as_table();
  if (table == nullptr) {
    problems.push_back({place, false, "principal " + in_quotes(name) + " must be a table: [principals." + name + "]"});
    return;
  }
  TableReader reader{*table, "[principals." + name + "]", problems};
  PrincipalConfig principal;
  principal.name = name;
  principal.place = place;
  (void)reader.text("endpoint", principal.endpoint);
  principal.all_feeds = !reader.texts("feeds", principal.feeds);
  principal.all_indicators = !reader.texts("indicators", principal.indicators);
  reader.refuse_unknown();
  out.principals.push_back(std::move(principal));
}

void read_principals(TableReader& top, Config& out, std::vector<ConfigProblem>& problems) {
  const auto* node = top.find("principals");
  if (node == nullptr) return;
  const auto* table = node->as_table();
  if (table == nullptr) {
    top.wrong(*node, "principals", "must hold tables: [principals.NAME]");
    return;
  }
  for (const auto& [key, value] : *table) read_principal(std::string(key.str()), key, value, out, problems);
}

void read_bounds(TableReader& top, Config& out, std::vector<ConfigProblem>& problems) {
  const auto* node = top.find("bounds");
  if (node == nullptr) return;
  const auto* table = node->as_table();
  if (table == nullptr) {
    top.wrong(*node, "bounds", "must be a table: [bounds]");
    return;
  }
  TableReader reader{*table, "[bounds]", problems};
  reader.number("receive_high_water", out.bounds.receive_high_water, 1, 1000);
  reader.number("send_high_water", out.bounds.send_high_water, 1, 1000);
  reader.number("peers", out.bounds.peers, 1, 1000);
  reader.number("journal_pages", out.bounds.journal_pages, 0, 1'000'000'000);
  reader.refuse_unknown();
}

/// Endpoints and principals must fit together: each endpoint is used once, and each principal is somewhere.
void check_whole(const Config& config, std::vector<ConfigProblem>& problems) {
  const auto refuse = [&](Place place, std::string text) { problems.push_back({place, false, std::move(text)}); };
  const auto uses = [](const std::vector<PlacedText>& list, const std::string& text) {
    return std::any_of(list.begin(), list.end(), [&](const PlacedText& one) { return one.text == text; });
  };
  std::vector<std::string_view> ingest;
  for (const auto& endpoint : config.ingest) {
    if (std::find(ingest.begin(), ingest.end(), endpoint.text) != ingest.end() || uses(config.alerts, endpoint.text) ||
        uses(config.control, endpoint.text)) {
      refuse(endpoint.place, "endpoint " + in_quotes(endpoint.text) + " is used twice; give each socket its own");
    }
    ingest.push_back(endpoint.text);
  }
  if (!config.alerts.empty() && uses(config.control, config.alerts.front().text)) {
    refuse({}, "alerts and control have the same endpoint; give each socket its own");
  }
  std::vector<std::string_view> taken;
  for (const auto& principal : config.principals) {
    const bool publishes = std::any_of(config.broadcast.begin(), config.broadcast.end(),
                                       [&](const BroadcastConfig& b) { return b.principal == principal.name; });
    if (principal.endpoint.empty()) {
      if (!publishes) {
        refuse(principal.place,
               "principal " + in_quotes(principal.name) +
                   " speaks nowhere; give it the endpoint of an ingest socket, or name it in broadcast");
      }
      continue;
    }
    if (std::find(ingest.begin(), ingest.end(), principal.endpoint) == ingest.end()) {
      refuse(principal.place, "principal " + in_quotes(principal.name) + " has endpoint " +
                                  in_quotes(principal.endpoint) + ", which is not among the ingest sockets" +
                                  did_you_mean(principal.endpoint, ingest));
    }
    if (std::find(taken.begin(), taken.end(), principal.endpoint) != taken.end()) {
      refuse(principal.place,
             "endpoint " + in_quotes(principal.endpoint) +
                 " has a principal already; on a plain socket the endpoint is who speaks, so give each its own");
    }
    taken.push_back(principal.endpoint);
  }
}

void read_top(const toml::table& table, Config& out, std::vector<ConfigProblem>& problems) {
  TableReader reader{table, "", problems};
  if (reader.text("site", out.site) && out.site.size() > 64) {
    reader.wrong(*table.get("site"), "site", "must be at most 64 bytes");
  }
  if (reader.text("image", out.image, "add image = \"book.tcn\", made by `tocsin compile`")) {
    out.image = beside(out.file, out.image);
    out.image_place = place_of(table.get("image"));
  }
  if (reader.text("journal", out.journal, "add journal = \"/var/lib/tocsin/journal.db\"")) {
    out.journal = beside(out.file, out.journal);
  }
  read_clock(reader, out);
  reader.span("max_skew", out.max_skew_ms, 86'400'000, "1d");
  reader.number("linger_ms", out.linger_ms, 0, 10'000);
  reader.number("checkpoint_reports", out.checkpoint_reports, 1, 100'000'000);
  read_sockets(reader, out, problems);
  read_principals(reader, out, problems);
  read_bounds(reader, out, problems);
  reader.refuse_unknown();
}

bool any_error(const std::vector<ConfigProblem>& problems, std::size_t from) {
  return std::any_of(problems.begin() + static_cast<std::ptrdiff_t>(from), problems.end(),
                     [](const ConfigProblem& problem) { return !problem.warning; });
}

std::string check_tcp(std::string_view rest) {
  const auto colon = rest.rfind(':');
  const auto host = rest.substr(0, colon);
  if (colon == std::string_view::npos) return "has no port; write it as tcp://127.0.0.1:5555";
  if (!host.starts_with("127.") || host.find_first_not_of("0123456789.") != std::string_view::npos) {
    return "is not on this machine's loopback, and plain sockets carry no proof of who speaks; "
           "write it as tcp://127.0.0.1:PORT, or use ipc:///PATH";
  }
  const auto port = rest.substr(colon + 1);
  int value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (error != std::errc{} || end != port.data() + port.size() || value < 1 || value > 65'535)
    return "has no valid port; use a number from 1 to 65535";
  return {};
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

std::string check_endpoint(std::string_view endpoint) {
  constexpr std::string_view kIpc = "ipc://";
  constexpr std::string_view kTcp = "tcp://";
  if (endpoint.starts_with(kIpc)) {
    const auto path = endpoint.substr(kIpc.size());
    if (!path.starts_with('/')) return "needs an absolute path; write it as ipc:///run/tocsin/NAME.sock";
    if (path.size() > kIpcPathMax) return "is too long for a socket path (at most 107 bytes); use a shorter folder";
    return {};
  }
  if (endpoint.starts_with(kTcp)) return check_tcp(endpoint.substr(kTcp.size()));
  return "has a transport that is not known here; use ipc:///PATH or tcp://127.0.0.1:PORT";
}

bool parse_config(std::string_view text, const std::string& file, Config& out, std::vector<ConfigProblem>& problems) {
  const std::size_t before = problems.size();
  out = Config{};
  out.file = file;
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

bool check_against_book(const Config& config, const engine::Image& image, std::vector<ConfigProblem>& problems) {
  const std::size_t before = problems.size();
  std::vector<std::string_view> feeds;
  for (const auto& feed : image.feeds) feeds.push_back(image.view(feed.name));
  std::vector<std::string_view> indicators;
  for (const auto& indicator : image.indicators) indicators.push_back(image.view(indicator.name));
  std::vector<bool> spoken(feeds.size(), false);
  const auto check = [&](const PlacedText& name, Keys known, const char* kind) {
    if (std::find(known.begin(), known.end(), name.text) != known.end()) return;
    const auto near = did_you_mean(name.text, known);
    problems.push_back({name.place, false,
                        "the book has no " + std::string(kind) + " " + in_quotes(name.text) +
                            (near.empty() ? "; take it out, or compile a book that has it" : near)});
  };
  bool all = false;  // somebody may speak for every feed
  for (const auto& endpoint : config.ingest) {
    all = all || std::none_of(config.principals.begin(), config.principals.end(),
                              [&](const PrincipalConfig& p) { return p.endpoint == endpoint.text; });
  }
  for (const auto& broadcast : config.broadcast) {
    all = all || std::none_of(config.principals.begin(), config.principals.end(),
                              [&](const PrincipalConfig& p) { return p.name == broadcast.principal; });
  }
  for (const auto& principal : config.principals) {
    all = all || principal.all_feeds;
    for (const auto& name : principal.feeds) {
      check(name, feeds, "feed");
      const auto feed = image.find_feed(name.text);
      if (feed != engine::kNone) spoken[feed] = true;
    }
    for (const auto& name : principal.indicators) check(name, indicators, "indicator");
  }
  for (std::size_t i = 0; !all && i < feeds.size(); ++i) {
    if (spoken[i]) continue;
    problems.push_back({{},
                        true,
                        "no principal may speak for the book's feed " + in_quotes(feeds[i]) +
                            "; add it to the feeds of one, or nothing of it will be taken"});
  }
  return !any_error(problems, before);
}

std::string format_problem(const std::string& file, const ConfigProblem& problem) {
  std::string text = file;
  if (problem.place.line > 0) {
    text += ":" + std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column);
  }
  return text + (problem.warning ? ": warning: " : ": error: ") + problem.text;
}
}  // namespace tocsin::daemon
