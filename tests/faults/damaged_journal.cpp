// SPDX-License-Identifier: Apache-2.0
#include "damaged_journal.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "tocsin/engine/base/check.hpp"
#include "tocsin/journal/journal.hpp"

#include "alarms.hpp"
#include "inline_daemon.hpp"
#include "oracle.hpp"

namespace tocsin::daemon::faults {
namespace {
constexpr std::size_t kLinesPerBatch = 5;
constexpr std::size_t kChangeBytes = 8;

std::vector<std::byte> read_file(const std::string& path) {
  std::ifstream stream{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

JournalFiles read_files(const std::string& path) { return {read_file(path), read_file(path + "-wal")}; }

void write_files(const test::Site& site, const JournalFiles& files) {
  (void)site.folder.write("journal.db", files.main);
  (void)site.folder.write("journal.db-wal", files.wal);
}

void tell(InlineDaemon& daemon, std::span<const wire::InputView> lines, bool checkpoint) {
  const auto desk = daemon.core().principal("desk");
  for (std::size_t at = 0; at < lines.size(); at += kLinesPerBatch) {
    TOCSIN_CHECK(
        test::take(daemon.core(), desk, lines.subspan(at, std::min(kLinesPerBatch, lines.size() - at))).empty());
    TOCSIN_CHECK(daemon.commit(checkpoint && at == 0) == CommitResult::done);
  }
}

std::vector<std::vector<std::byte>> batches_of(journal::Journal& journal, std::string& error) {
  std::vector<std::vector<std::byte>> batches;
  const auto outcome = journal.read_batches(0, [&](const journal::StoredBatch& batch) {
    batches.push_back(batch.bytes);
    return true;
  });
  if (outcome) error = outcome->text;
  return batches;
}

std::vector<std::vector<std::byte>> alerts_of(journal::Journal& journal, std::string& error) {
  std::vector<std::vector<std::byte>> alerts;
  const auto outcome = journal.read_alerts(0, [&](const journal::StoredAlert& alert) {
    alerts.emplace_back(alert.bytes.begin(), alert.bytes.end());
    return true;
  });
  if (outcome) error = outcome->text;
  return alerts;
}

bool is_beginning_of(const std::vector<std::vector<std::byte>>& part,
                     const std::vector<std::vector<std::byte>>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

std::size_t number_at(std::span<const std::byte> bytes, std::size_t index) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 3; ++i) value = value << 8U | std::to_integer<std::size_t>(bytes[index + i]);
  return value;
}

void change(std::vector<std::byte>& file, std::span<const std::byte> how) {
  if (file.empty()) return;
  const auto at = number_at(how, 1) % file.size();
  const auto length = std::min(number_at(how, 4) % 4096 + 1, file.size() - at);
  const auto begin = file.begin() + static_cast<std::ptrdiff_t>(at);
  switch (std::to_integer<unsigned>(how[0]) >> 1U & 7U) {
    case 0:
      file.resize(at);
      break;
    case 1:
      std::fill_n(begin, length, std::byte{0});
      break;
    case 2:
      std::fill_n(begin, length, how[7]);
      break;
    case 3:  // what stands elsewhere, as a disk may put it
      std::copy_n(file.begin() + static_cast<std::ptrdiff_t>((at * 7) % (file.size() - length + 1)), length, begin);
      break;
    default:
      file[at] ^= how[7] == std::byte{0} ? std::byte{1} : how[7];
      break;
  }
}
}  // namespace

DamagedJournal::DamagedJournal() {
  const auto lines = test::story(41, 14);
  const std::span<const wire::InputView> all{lines};
  const auto half = all.size() / 2;
  const test::FakeClock clock;
  {
    InlineDaemon daemon{site_.config(), clock};
    TOCSIN_CHECK(daemon.open({}).empty());
    tell(daemon, all.first(half), true);
    TOCSIN_CHECK(daemon.stop());
  }
  InlineDaemon daemon{site_.config(), clock};
  TOCSIN_CHECK(daemon.open({}).empty());
  tell(daemon, all.subspan(half), true);
  files_ = read_files(site_.journal_file());
  std::string error;
  batches_ = batches_of(daemon.core().journal(), error);
  alerts_ = alerts_of(daemon.core().journal(), error);
  TOCSIN_CHECK(error.empty() && batches_.size() > 20 && alerts_.size() > 3);
  std::filesystem::copy_file(site_.journal_file() + ".key", victim_.journal_file() + ".key");
  write_files(victim_, files_);
  {
    InlineDaemon stopping{victim_.config(), clock};
    TOCSIN_CHECK(stopping.open({}).empty() && stopping.stop());
  }
  stopped_ = read_files(victim_.journal_file());
  TOCSIN_CHECK(stopped_.wal.empty());
  for (const auto* files : {&files_, &stopped_}) {
    const auto untouched = start(*files);
    TOCSIN_CHECK(untouched.serves && !untouched.told && untouched.lost_batches == 0 && untouched.wrong.empty());
  }
}

DamagedJournal::Start DamagedJournal::start(const JournalFiles& files) {
  write_files(victim_, files);
  Start start;
  const test::FakeClock clock;
  InlineDaemon daemon{victim_.config(), clock};
  if (const auto error = daemon.open({}); !error.empty()) {
    start.told = true;
    if (error.find("journal") == std::string::npos) start.wrong = "no clear message: " + error;
    return start;
  }
  start.serves = true;
  start.told = daemon.core().recovery().differences > 0 || daemon.core().alarms().raised("self_check");
  examine_(daemon.core().journal(), start);
  if (!start.wrong.empty()) return start;
  // What still works must go on working, or say that it does not.
  const auto line = test::report("analyst", 1'000'000 - 1, "exercise", daemon.core().batch_clock());
  (void)test::take(daemon.core(), daemon.core().principal("desk"), std::span{&line, 1});
  const auto result = daemon.commit(true);
  if (result == CommitResult::trouble || result == CommitResult::fatal) start.told = true;
  (void)daemon.stop();
  return start;
}

void DamagedJournal::examine_(journal::Journal& journal, Start& start) const {
  std::string batch_error;
  std::string alert_error;
  const auto batches = batches_of(journal, batch_error);
  const auto alerts = alerts_of(journal, alert_error);
  const auto verdict = verify(journal);
  start.told = start.told || !batch_error.empty() || !alert_error.empty() || !verdict.empty();
  if (!is_beginning_of(batches, batches_)) start.wrong = "it gives inputs out that were never written";
  if (!is_beginning_of(alerts, alerts_)) start.wrong = "it gives alert events out that were never written";
  start.lost_batches = batches_.size() - std::min(batches.size(), batches_.size());
  if (start.told || start.lost_batches > 0 || alerts.size() == alerts_.size()) return;
  start.wrong = "it lost alert events and nothing else, and does not say so";
}

JournalFiles damaged(const JournalFiles& files, std::span<const std::byte> script) {
  auto out = files;
  for (; script.size() >= kChangeBytes; script = script.subspan(kChangeBytes)) {
    const bool in_wal = (std::to_integer<unsigned>(script[0]) & 1U) != 0;
    change(in_wal ? out.wal : out.main, script.first(kChangeBytes));
  }
  return out;
}
}  // namespace tocsin::daemon::faults
