// SPDX-License-Identifier: Apache-2.0
#include "backup.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "explain.hpp"
#include "open_database.hpp"
#include "sqlite_journal.hpp"
#include "verifier.hpp"

namespace tocsin::journal {
namespace {
constexpr std::uint32_t kCachePages = 16;  // pages come once, in order
constexpr std::uint32_t kRowsPerPage = 4;

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

/// Gives the finished copy its name, durably.
bool give_name(const std::string& draft, const std::string& path) {
  if (::rename(draft.c_str(), path.c_str()) != 0) return false;
  const auto slash = path.rfind('/');
  const auto folder = slash == std::string::npos ? std::string{"."} : path.substr(0, slash + 1);
  const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return false;
  const bool synced = ::fsync(handle) == 0;
  return ::close(handle) == 0 && synced;
}
}  // namespace

// A VFS given by name may have no names on the real disk; there the copy has its own from the start.
std::string Backup::draft_() const { return options_.vfs.empty() ? path_ + ".part" : path_; }

Outcome Backup::begin(sqlite3* source, const std::string& path, const OpenOptions& options) {
  const std::string what = "cannot begin a backup at '" + path + "': ";
  if (is_under_way()) return JournalError{what + "another one is under way, to '" + path_ + "'", 0, false};
  if (path.empty()) return JournalError{what + "it has no name", 0, false};
  if (options.vfs.empty() && (exists(path) || exists(path + "-wal"))) {
    return JournalError{what + "it exists; give another name or remove it first", 0, false};
  }
  options_ = {};
  options_.vfs = options.vfs;
  options_.read_only = true;
  options_.cache_pages = kCachePages;
  path_ = path;
  if (options.vfs.empty()) (void)::unlink(draft_().c_str());  // of an earlier one that did not end
  const int code = open_copy(draft_(), options_, copy_database_);
  if (code == SQLITE_OK) pages_ = sqlite3_backup_init(copy_database_.get(), "main", source, "main");
  if (pages_ != nullptr) return std::nullopt;
  const int cause = code != SQLITE_OK ? code : sqlite3_extended_errcode(copy_database_.get());
  auto error = explain(copy_database_.get(), cause, "cannot begin a backup at", path);
  abort();
  return error;
}

void Backup::abort() {
  if (!is_under_way()) return;
  verification_.reset();
  written_.reset();
  if (pages_ != nullptr) (void)sqlite3_backup_finish(std::exchange(pages_, nullptr));
  copy_database_.reset();
  if (options_.vfs.empty()) (void)::unlink(draft_().c_str());
  path_.clear();
}

// A copy that fails does no harm to the journal: never fatal, whatever the disk it goes to says.
BackupStep Backup::fail_(JournalError error) {
  error.fatal = false;
  abort();
  return {BackupState::failed, 0, std::move(error)};
}

BackupStep Backup::step(std::uint32_t pages, const Keys& keys) {
  if (!is_under_way()) return {BackupState::failed, 0, {"no backup is under way", 0, false}};
  return pages_ != nullptr ? copy_(pages) : read_back_(pages, keys);
}

BackupStep Backup::copy_(std::uint32_t pages) {
  int code = sqlite3_backup_step(pages_, static_cast<int>(pages));
  pages_left_ = static_cast<std::uint64_t>(sqlite3_backup_remaining(pages_));
  if (code == SQLITE_OK) return {BackupState::more, pages_left_, {}};
  const int finished = sqlite3_backup_finish(std::exchange(pages_, nullptr));
  if (code == SQLITE_DONE) code = finished;
  if (code != SQLITE_OK) return fail_(explain(copy_database_.get(), code, "cannot write the backup", path_));
  copy_database_.reset();
  JournalError error;
  auto database = open_finished(draft_(), options_, error);
  if (database == nullptr) return fail_(std::move(error));
  auto written = std::make_unique<SqliteJournal>(std::move(database), nullptr, draft_(), options_, std::string{});
  if (auto trouble = written->load()) return fail_(std::move(*trouble));
  written_ = std::move(written);
  return {BackupState::more, 1, {}};
}

BackupStep Backup::read_back_(std::uint32_t pages, const Keys& keys) {
  if (verification_ == nullptr) verification_ = static_cast<SqliteJournal&>(*written_).verify_with(keys);
  if (verification_->step(pages * kRowsPerPage)) return {BackupState::more, 1, {}};
  const auto& report = verification_->report();
  if (report.fault_count != 0) {
    const auto first = report.faults.empty() ? std::string{} : report.faults.front();
    return fail_({"the backup '" + path_ + "' does not read back as it should: " + first +
                      "; verify the journal itself (tocsin log verify)",
                  SQLITE_CORRUPT, false});
  }
  verification_.reset();
  written_.reset();
  if (options_.vfs.empty() && !give_name(draft_(), path_)) {
    return fail_({"cannot give the backup its name '" + path_ + "' (" + std::strerror(errno) + ")", 0, false});
  }
  path_.clear();
  return {BackupState::done, 0, {}};
}

Outcome SqliteJournal::backup_begin(const std::string& path) {
  if (auto refusal = refuse_write_()) return refusal;
  return backup_.begin(database_.get(), path, options_);
}

BackupStep SqliteJournal::backup_step(std::uint32_t pages) {
  if (auto refusal = refuse_write_()) return {BackupState::failed, 0, *refusal};
  return backup_.step(pages, *keys_);
}
}  // namespace tocsin::journal
