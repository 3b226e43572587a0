// SPDX-License-Identifier: Apache-2.0
#include "fixture.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <unistd.h>

#include "tocsin/engine/base/check.hpp"
#include "tocsin/test_support/prng.hpp"
#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/wire/alert_codec.hpp"

namespace tocsin::daemon::test {
TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "tocsin-daemon-XXXXXX").string();
  TOCSIN_CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::write(const std::string& name, std::span<const std::byte> bytes) const {
  std::ofstream stream{file(name), std::ios::binary | std::ios::trunc};
  stream.write(static_cast<const char*>(static_cast<const void*>(bytes.data())),
               static_cast<std::streamsize>(bytes.size()));
  TOCSIN_CHECK(stream.good());
  return file(name);
}

std::string TempFolder::write(const std::string& name, std::string_view text) const {
  return write(name, std::as_bytes(std::span{text.data(), text.size()}));
}

Site::Site(const std::string& extra, const std::string& tables) {
  (void)folder.write("book.tcn", test_support::sample_image());
  configure(extra, tables);
}

void Site::use_image(const std::string& path) {
  std::filesystem::copy_file(path, folder.file("book.tcn"), std::filesystem::copy_options::overwrite_existing);
}

void Site::configure(const std::string& extra, const std::string& tables) {
  const std::string text = "site = \"test-site\"\nimage = \"book.tcn\"\njournal = \"journal.db\"\n" + extra +
                           "\n[sockets]\ningest = [\"" + ingest() + "\"" + more_ingest_ + "]\nalerts = \"" + alerts() +
                           "\"\ncontrol = \"" + control() + "\"\n" + tables + "\n";
  (void)folder.write("tocsind.toml", text);
  std::vector<ConfigProblem> problems;
  const bool right = parse_config(text, config_file(), config_, problems);
  for (const auto& problem : problems) (void)std::fprintf(stderr, "%s\n", format_problem("config", problem).c_str());
  TOCSIN_CHECK(right);
}

wire::InputView report(std::string_view feed, std::uint64_t seq, std::string_view indicator, engine::Instant time,
                       double value, std::string_view origin) {
  wire::InputView view;
  view.kind = engine::InputKind::report;
  view.feed = feed;
  view.seq = seq;
  view.indicator = indicator;
  view.time = time;
  view.value = value;
  view.origin = origin;
  return view;
}

wire::InputView heartbeat(std::string_view feed, engine::Instant time) {
  wire::InputView view;
  view.kind = engine::InputKind::heartbeat;
  view.feed = feed;
  view.time = time;
  return view;
}

wire::InputView retraction(std::string_view feed, std::uint64_t seq, std::uint64_t target, engine::Instant time) {
  wire::InputView view;
  view.kind = engine::InputKind::retraction;
  view.feed = feed;
  view.seq = seq;
  view.target_seq = target;
  view.time = time;
  return view;
}

wire::InputView clock_line(engine::Instant time) {
  wire::InputView view;
  view.kind = engine::InputKind::clock;
  view.time = time;
  return view;
}

namespace {
struct Arrival {
  engine::Instant received;
  wire::InputView view;
};

/// One day's lines; sequence numbers come when all are in order.
void add_day(test_support::Prng& random, engine::Instant day, std::vector<Arrival>& out) {
  const auto arrive = [&](wire::InputView view, engine::Span after) { out.push_back({view.time + after, view}); };
  const engine::Instant morning = day + kHour;
  if (!random.chance(10)) {  // some days the feed is silent
    arrive(report("mnd_daily", 0, "pla_aircraft", morning, static_cast<double>(random.below(80)), "mnd"), 5 * kMinute);
    const engine::Span late = random.chance(20) ? 2 * kDay : 6 * kMinute;
    arrive(report("mnd_daily", 0, "plan_ships", morning, static_cast<double>(random.below(25)), "mnd"), late);
  }
  for (engine::Span hour = 0; hour < 24; hour += 2) {
    if (!random.chance(8)) arrive(heartbeat("launches", day + hour * kHour), kMinute);
  }
  if (random.chance(40)) {
    const engine::Instant at = day + random.between(0, kDay - 1);
    const auto* origin = random.chance(50) ? "jcs" : "mod";
    arrive(report("launches", 0, "dprk_severe", at, 1, origin), random.chance(30) ? 30 * kHour : kMinute);
  }
  if (random.chance(20)) arrive(report("analyst", 0, "exercise", day + 9 * kHour), kHour);
  if (random.chance(30)) arrive(report("airspace", 0, "closure", day + 7 * kHour), random.between(0, kDay));
}
}  // namespace

std::vector<wire::InputView> story(std::uint64_t seed, unsigned days) {
  test_support::Prng random{seed};
  std::vector<Arrival> arrivals;
  for (unsigned day = 0; day < days; ++day) add_day(random, kMay + day * kDay, arrivals);
  std::stable_sort(arrivals.begin(), arrivals.end(),
                   [](const Arrival& a, const Arrival& b) { return a.received < b.received; });
  std::vector<wire::InputView> lines;
  std::uint64_t seq = 0;
  for (auto& arrival : arrivals) {
    arrival.view.received = arrival.received;
    if (arrival.view.kind == engine::InputKind::report) arrival.view.seq = ++seq;
    lines.push_back(arrival.view);
    if (arrival.view.kind == engine::InputKind::report && random.chance(6)) {
      auto withdrawal = retraction(arrival.view.feed, seq + 1, seq, arrival.view.time);
      withdrawal.received = arrival.received;
      lines.push_back(withdrawal);
      ++seq;
    }
  }
  return lines;
}

std::vector<Bytes> undisturbed_alerts(std::span<const wire::InputView> inputs, const Config& config) {
  const auto& image = test_support::sample_book();
  const auto bytes = engine::layout_of(image).block_bytes;
  std::vector<std::uint64_t> block((bytes + 7) / 8);
  auto engine = std::make_unique<engine::Engine>(image, std::as_writable_bytes(std::span{block}));
  auto event = std::make_unique<engine::AlertEvent>();
  std::vector<std::uint64_t> arena(wire::kAlertBytesMax / 8);
  std::vector<Bytes> alerts;
  engine->start(inputs.front().time,
                {config.label, config.label == engine::Status::exercise, config.label == engine::Status::test});
  for (const auto& view : inputs) {
    engine::Input input;
    TOCSIN_CHECK(wire::bind(view, image, engine->clock(), input) == wire::Refusal::none);
    (void)engine->step(input);
    while (engine->next_event(*event)) {
      wire::AlertContext context;
      context.site = config.site;
      context.number = alerts.size() + 1;
      const auto encoded = wire::encode_alert(*event, image, context, std::as_writable_bytes(std::span{arena}));
      alerts.emplace_back(encoded.begin(), encoded.end());
    }
  }
  return alerts;
}

std::string logged(const std::function<void()>& work) {
  const TempFolder folder;
  const auto file = folder.file("stderr");
  const int saved = ::dup(STDERR_FILENO);
  const int fd = ::open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
  (void)::dup2(fd, STDERR_FILENO);
  work();
  (void)::dup2(saved, STDERR_FILENO);
  (void)::close(fd);
  (void)::close(saved);
  std::ifstream stream{file};
  std::string all;
  for (std::string line; std::getline(stream, line);) all += line + "|";
  return all;
}

std::vector<wire::RefusedItem> take(Core& core, const Principal& principal, std::span<const wire::InputView> items) {
  std::vector<wire::RefusedItem> refused;
  wire::BatchReader reader;
  const auto frame = wire::encode_batch(1, items);
  TOCSIN_CHECK(core.read_frame(frame, principal, reader));
  core.take(reader, principal, refused);
  return refused;
}

Bytes book_with(double aircraft, std::uint8_t version) {
  const auto image = test_support::sample_image();
  const auto& book = test_support::sample_book();
  Bytes bytes(image.begin(), image.end());
  const auto place = [&](const void* inside) {
    return static_cast<std::size_t>(static_cast<const std::byte*>(inside) - image.data());
  };
  std::memcpy(bytes.data() + place(&book.nodes[1].value), &aircraft, sizeof aircraft);
  const auto hash = book.book_hash;
  for (std::size_t i = 0; i + sizeof hash <= bytes.size(); i += 4) {
    if (std::memcmp(bytes.data() + i, &hash, sizeof hash) != 0) continue;
    bytes[i] ^= std::byte{version};
    return bytes;
  }
  return {};
}

Stored read_stored(journal::Journal& journal) {
  Stored stored;
  const auto batches = journal.read_batches(0, [&](const journal::StoredBatch& batch) {
    wire::JournalBatchReader reader;
    if (!reader.open(batch.bytes)) {
      stored.error = "batch " + std::to_string(batch.id) + " is unreadable";
      return false;
    }
    for (std::size_t i = 0; i < reader.count(); ++i) {
      wire::JournalItem item;
      if (!reader.next(item)) {
        stored.error = "an item of batch " + std::to_string(batch.id) + " is unreadable";
        return false;
      }
      if (item.input.kind == engine::InputKind::report && item.input.seq) {
        const std::pair key{std::string(item.input.feed), *item.input.seq};
        const bool again = !stored.reports.insert(key).second;
        // Sent again when it is older than what the engine remembers, it is stale: stored once more, but it counts
        // once.
        if (again && item.disposition != engine::Disposition::stale) {
          stored.error = "report " + key.first + " " + std::to_string(key.second) + " was taken twice";
          return false;
        }
      }
    }
    return true;
  });
  const auto alerts = journal.read_alerts(0, [&](const journal::StoredAlert& alert) {
    stored.alerts.emplace_back(alert.bytes.begin(), alert.bytes.end());
    stored.numbers.push_back(alert.number);
    return true;
  });
  if (batches) stored.error = batches->text;
  if (alerts) stored.error = alerts->text;
  return stored;
}

Stored read_stored(const std::string& file) {
  journal::JournalError error;
  journal::OpenOptions options;
  options.read_only = true;
  const auto journal = journal::Journal::open(file, options, error);
  if (journal) return read_stored(*journal);
  Stored stored;
  stored.error = error.text;
  return stored;
}

ReportSet reports_of(std::span<const wire::InputView> inputs) {
  ReportSet reports;
  for (const auto& view : inputs) {
    if (view.kind == engine::InputKind::report && view.seq) reports.emplace(std::string(view.feed), *view.seq);
  }
  return reports;
}

std::string compare_alerts(const Stored& stored, const std::vector<Bytes>& expected) {
  for (std::size_t i = 0; i < stored.numbers.size(); ++i) {
    if (stored.numbers[i] != i + 1)
      return "alert number " + std::to_string(stored.numbers[i]) + " at place " + std::to_string(i + 1);
  }
  const std::size_t both = std::min(stored.alerts.size(), expected.size());
  for (std::size_t i = 0; i < both; ++i) {
    if (stored.alerts[i] != expected[i])
      return "alert event " + std::to_string(i + 1) + " differs from the undisturbed run's";
  }
  if (stored.alerts.size() == expected.size()) return {};
  return std::to_string(stored.alerts.size()) + " alert events, the undisturbed run has " +
         std::to_string(expected.size());
}
}  // namespace tocsin::daemon::test
