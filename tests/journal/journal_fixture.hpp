// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What the journal's tests share: temporary folders, batches made from a seed, and a model of what was stored.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "tocsin/journal/journal.hpp"
#include "tocsin/test_support/prng.hpp"

namespace tocsin::journal::test {
using Bytes = std::vector<std::byte>;
using test_support::Prng;

/// A folder that goes away with its contents.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tocsin-journal-XXXXXX").string();
    path_ = ::mkdtemp(name.data()) == nullptr ? std::string{} : name;
  }
  ~TempFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  TempFolder(TempFolder&&) = delete;
  TempFolder& operator=(TempFolder&&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// A key file with keys that are always the same, for journals on a disk that is none.
class KeyFile {
 public:
  KeyFile() : path_{folder_.file("key")} {
    std::ofstream{path_} << std::string(64, '1') << '\n' << std::string(64, '2') << '\n';
    std::filesystem::permissions(path_, std::filesystem::perms::owner_read);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  TempFolder folder_;
  std::string path_;
};

/// The words and the number. Appended: GCC 12 warns wrongly of a literal plus a temporary string (-Wrestrict).
inline std::string numbered(const char* words, std::uint64_t number) {
  std::string text{words};
  text += std::to_string(number);
  return text;
}

inline Bytes random_bytes(Prng& random, std::uint64_t size) {
  Bytes bytes(static_cast<std::size_t>(size));
  for (auto& byte : bytes) byte = static_cast<std::byte>(random.below(256));
  return bytes;
}

/// One batch with storage for its names. What it holds follows from the seed alone.
class SampleBatch {
 public:
  /// @param seed         everything but the alert numbers comes from it.
  /// @param first_alert  number of its first alert event, should it have any.
  /// @param items        number of inputs; kAny: 1 to 12.
  static constexpr std::size_t kAny = SIZE_MAX;
  SampleBatch(std::uint64_t seed, std::uint64_t first_alert, std::size_t items = kAny) {
    Prng random{seed};
    clock_ = 1'700'000'000'000 + static_cast<engine::Instant>(seed) * 1000;
    const auto count = items == kAny ? 1 + random.below(12) : items;
    for (std::size_t index = 0; index < count; ++index) add_item_(random, seed * 100 + index);
    for (std::uint64_t index = random.below(3); index > 0; --index) {
      const auto& bytes = bodies_.emplace_back(random_bytes(random, 20 + random.below(3000)));
      alerts_.push_back({first_alert + alerts_.size(), clock_, bytes});
    }
    if (random.chance(30)) {
      rejections_.push_back({numbered("hub-", random.below(3)), static_cast<std::uint8_t>(1 + random.below(5)),
                             1 + random.below(9), numbered("sample ", seed), 0});
    }
  }

  [[nodiscard]] CommitBatch view() const {
    CommitBatch batch;
    batch.items = items_;
    batch.alerts = alerts_;
    batch.rejections = rejections_;
    batch.clock = clock_;
    return batch;
  }
  [[nodiscard]] Bytes blob() const { return wire::encode_journal_batch(items_); }
  [[nodiscard]] const std::vector<wire::JournalItem>& items() const { return items_; }
  [[nodiscard]] const std::vector<StoredAlert>& alerts() const { return alerts_; }
  [[nodiscard]] const std::vector<RejectionRow>& rejections() const { return rejections_; }
  [[nodiscard]] engine::Instant clock() const { return clock_; }

 private:
  std::string_view keep_(std::string text) { return names_.emplace_back(std::move(text)); }
  void add_item_(Prng& random, std::uint64_t seq) {
    wire::JournalItem item;
    item.input.feed = keep_(numbered("feed-", random.below(4)));
    item.input.indicator = keep_(numbered("indicator-", random.below(9)));
    item.input.origin = keep_("origin");
    item.input.note = keep_(std::string(static_cast<std::size_t>(random.below(200)), 'n'));
    item.input.seq = seq;
    item.input.value = random.unit();
    item.input.time = clock_ - static_cast<engine::Instant>(random.below(100'000));
    item.clock = clock_;
    item.disposition = random.chance(90) ? engine::Disposition::taken : engine::Disposition::duplicate;
    items_.push_back(item);
  }
  std::deque<std::string> names_;
  std::deque<Bytes> bodies_;
  std::vector<wire::JournalItem> items_;
  std::vector<StoredAlert> alerts_;
  std::vector<RejectionRow> rejections_;
  engine::Instant clock_ = 0;
};

/// What a journal must hold: an obviously right copy in memory.
struct Model {
  std::vector<Bytes> batches;
  std::vector<Bytes> alerts;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> marks;
  std::map<std::pair<std::string, int>, std::uint64_t> rejections;
  engine::Instant clock = engine::kNever;

  void add(const SampleBatch& batch) {
    batches.push_back(batch.blob());
    for (const auto& alert : batch.alerts()) alerts.emplace_back(alert.bytes.begin(), alert.bytes.end());
    for (const auto& item : batch.items()) {
      auto& [mark, reports] = marks[std::string{item.input.feed}];
      mark = std::max(mark, item.input.seq.value_or(0));
      if (item.disposition == engine::Disposition::taken) ++reports;
    }
    for (const auto& row : batch.rejections()) rejections[{row.principal, row.reason}] += row.count;
    clock = batch.clock();
  }
};

/// The rest of a CommitBatch is empty.
inline CommitBatch commit_of(std::span<const wire::JournalItem> items, std::span<const StoredAlert> alerts,
                             std::span<const RejectionRow> rejections, engine::Instant clock) {
  CommitBatch batch;
  batch.items = items;
  batch.alerts = alerts;
  batch.rejections = rejections;
  batch.clock = clock;
  return batch;
}

/// A row as this program would write it, whatever wrote it.
inline Bytes written_anew(const Bytes& row) {
  wire::JournalBatchReader reader;
  if (!reader.open(row)) return {};
  std::vector<wire::JournalItem> items(reader.count());
  for (auto& item : items) {
    if (!reader.next(item)) return {};
  }
  return wire::encode_journal_batch(items);
}

/// How the journal differs from the model; empty when it does not.
inline std::string difference(Journal& journal, const Model& model) {
  std::string found;
  const auto first = journal.state().first_batch;
  std::size_t next = first == 0 ? 0 : static_cast<std::size_t>(first - 1);  // what retention removed is not missing
  auto outcome = journal.read_batches(0, [&](const StoredBatch& batch) {
    const bool same = batch.id == next + 1 && next < model.batches.size() &&
                      (batch.bytes == model.batches[next] || written_anew(batch.bytes) == model.batches[next]);
    if (!same) {
      found = numbered("not what was committed is batch ", batch.id);
      return false;
    }
    ++next;
    return true;
  });
  if (outcome) return outcome->text;
  if (!found.empty()) return found;
  if (next != model.batches.size()) return "a batch is missing: " + std::to_string(next + 1);
  std::size_t number = 0;
  outcome = journal.read_alerts(0, [&](const StoredAlert& alert) {
    if (alert.number != number + 1 || number >= model.alerts.size() ||
        !std::ranges::equal(alert.bytes, model.alerts[number])) {
      found = numbered("not what was committed is alert ", alert.number);
      return false;
    }
    ++number;
    return true;
  });
  if (outcome) return outcome->text;
  if (!found.empty()) return found;
  if (number != model.alerts.size()) return "an alert is missing: " + std::to_string(number + 1);
  if (journal.last_batch_id() != next || journal.last_alert_number() != number) return "the last numbers are wrong";
  if (journal.last_clock() != model.clock) return "the clock is wrong";
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> marks;
  for (const auto& mark : journal.feed_marks()) marks[mark.feed] = {mark.mark, mark.reports};
  if (marks != model.marks) return "the feed marks are wrong";
  std::map<std::pair<std::string, int>, std::uint64_t> rejections;
  for (const auto& row : journal.rejections()) rejections[{row.principal, row.reason}] = row.count;
  if (rejections != model.rejections) return "the rejections are wrong";
  return "";
}

/// What a verification of all of it finds wrong, one line each; empty when nothing is.
inline std::string faults_of(Journal& journal, const VerifyOptions& options = {}) {
  JournalError error;
  const auto run = journal.verify(options, error);
  if (run == nullptr) return error.text;
  while (run->step(7)) {
  }
  std::string faults;
  for (const auto& fault : run->report().faults) faults += fault + "\n";
  return faults;
}

/// The answer of PRAGMA integrity_check ("ok"), or SQLite's message. The journal must be closed; a file that does not
/// exist is made, empty, and is whole.
inline std::string integrity_of(const std::string& path, const std::string& vfs = "") {
  sqlite3* database = nullptr;
  std::string answer;
  const auto keep = [](void* text, int, char** columns, char**) {
    *static_cast<std::string*>(text) += columns[0];
    return 0;
  };
  const int code = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK || sqlite3_exec(database, "PRAGMA locking_mode=EXCLUSIVE", nullptr, nullptr, nullptr) != 0 ||
      sqlite3_exec(database, "PRAGMA integrity_check", keep, &answer, nullptr) != SQLITE_OK) {
    answer = sqlite3_errmsg(database);
  }
  sqlite3_close(database);
  return answer;
}

/// Runs SQL on a closed journal. @returns SQLite's result code.
inline int run_sql(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  int code = sqlite3_open(path.c_str(), &database);
  if (code == SQLITE_OK) code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
  sqlite3_close(database);
  return code;
}
}  // namespace tocsin::journal::test
