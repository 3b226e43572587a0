// SPDX-License-Identifier: Apache-2.0
// The file's format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
#include "wal_file.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

namespace tocsin::journal {
namespace {
constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kPageBytes = kWalFrameBytes - kWalFrameHeaderBytes;
constexpr std::uint32_t kMagic = 0x377F0682;  ///< its lowest bit: the checksums' byte order

using Frame = std::array<std::byte, kWalFrameBytes>;

std::uint32_t number_at(std::span<const std::byte> bytes, std::size_t at, bool big_endian = true) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8U | std::to_integer<std::uint32_t>(bytes[at + (big_endian ? i : 3 - i)]);
  }
  return value;
}

struct Checksum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  void add(std::span<const std::byte> bytes, bool big_endian) {
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
      first += number_at(bytes, at, big_endian) + second;
      second += number_at(bytes, at + 4, big_endian) + first;
    }
  }
  [[nodiscard]] bool equals(std::span<const std::byte> stored) const {
    return first == number_at(stored, 0) && second == number_at(stored, 4);
  }
};

/// One pass over a WAL, frame by frame.
class WalReader {
 public:
  /// @returns false when the header does not hold.
  bool open(std::span<const std::byte> header) {
    const auto magic = number_at(header, 0);
    big_endian_ = (magic & 1U) != 0;
    checksum_.add(header.first(24), big_endian_);
    salts_ = {number_at(header, 16), number_at(header, 20)};
    whole_ = (magic & ~1U) == kMagic && number_at(header, 8) == kPageBytes && checksum_.equals(header.subspan(24));
    return whole_;
  }
  /// The next frame, in the order of the file.
  void add(const Frame& frame) {
    const std::span<const std::byte> bytes{frame};
    const bool commits = number_at(bytes, 4) != 0;
    const bool same_age = salts_ == Salts{number_at(bytes, 8), number_at(bytes, 12)};
    if (whole_ && same_age) {
      auto sum = checksum_;
      sum.add(bytes.first(8), big_endian_);
      sum.add(bytes.subspan(kWalFrameHeaderBytes), big_endian_);
      if (sum.equals(bytes.subspan(16))) {
        checksum_ = sum;
        return;
      }
    }
    whole_ = false;
    if (!same_age) return;
    if (torn_transaction_ends_) something_follows_ = true;
    if (commits) torn_transaction_ends_ = true;
  }
  /// Behind what does not hold a transaction ended, and another began.
  [[nodiscard]] bool is_damaged() const { return something_follows_; }

 private:
  using Salts = std::array<std::uint32_t, 2>;
  bool big_endian_ = false;
  Checksum checksum_;
  Salts salts_{};
  bool whole_ = false;  ///< all up to here holds
  bool torn_transaction_ends_ = false;
  bool something_follows_ = false;
};

struct Files {
  sqlite3_file* main = nullptr;
  sqlite3_file* wal = nullptr;  ///< null: there is none, or nothing in it
  std::size_t frames = 0;
};

int find_files(sqlite3* database, Files& files) {
  int code = sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &files.main);
  if (code == SQLITE_OK) code = sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &files.wal);
  if (code != SQLITE_OK || files.wal == nullptr || files.wal->pMethods == nullptr) {
    files.wal = nullptr;
    return code;
  }
  sqlite3_int64 size = 0;
  code = files.wal->pMethods->xFileSize(files.wal, &size);
  if (code == SQLITE_OK && size > static_cast<sqlite3_int64>(kHeaderBytes)) {
    files.frames = (static_cast<std::size_t>(size) - kHeaderBytes) / kWalFrameBytes;
  }
  if (files.frames == 0) files.wal = nullptr;
  return code;
}

int read_at(sqlite3_file* file, std::span<std::byte> to, std::size_t offset) {
  return file->pMethods->xRead(file, to.data(), static_cast<int>(to.size()), static_cast<sqlite3_int64>(offset));
}
int write_at(sqlite3_file* file, std::span<const std::byte> from, std::size_t offset) {
  return file->pMethods->xWrite(file, from.data(), static_cast<int>(from.size()), static_cast<sqlite3_int64>(offset));
}
constexpr std::size_t frame_at(std::size_t index) { return kHeaderBytes + index * kWalFrameBytes; }

/// A header is written when the WAL begins anew, after everything in it was moved into the main file. If that is torn,
/// all pages in the frames stand in the main file; if it was damaged later, they need not.
int compare_with_main(const Files& files, bool& differs) {
  std::map<std::uint32_t, std::size_t> newest;  // frame by page
  std::map<std::uint32_t, std::size_t> committed;
  Frame frame{};
  std::array<std::byte, kWalFrameHeaderBytes> first{};
  if (const int code = read_at(files.wal, first, frame_at(0)); code != SQLITE_OK) return code;
  for (std::size_t index = 0; index < files.frames; ++index) {
    if (const int code = read_at(files.wal, frame, frame_at(index)); code != SQLITE_OK) return code;
    const std::span<const std::byte> bytes{frame};
    if (number_at(bytes, 8) != number_at(first, 8) || number_at(bytes, 12) != number_at(first, 12)) break;
    newest[number_at(bytes, 0)] = index;
    if (number_at(bytes, 4) != 0) committed = newest;
  }
  std::array<std::byte, kPageBytes> page{};
  for (const auto& [number, index] : committed) {
    if (const int code = read_at(files.wal, frame, frame_at(index)); code != SQLITE_OK) return code;
    const int code = number == 0 ? SQLITE_IOERR_SHORT_READ
                                 : read_at(files.main, page, (static_cast<std::size_t>(number) - 1) * kPageBytes);
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
    const auto content = std::span{frame}.subspan(kWalFrameHeaderBytes);
    differs = differs || code != SQLITE_OK || !std::equal(content.begin(), content.end(), page.begin());
  }
  return SQLITE_OK;
}
}  // namespace

int secure_wal(sqlite3* database, std::string& notice) {
  Files files;
  if (const int code = find_files(database, files); code != SQLITE_OK || files.wal == nullptr) return code;
  std::array<std::byte, kHeaderBytes> header{};
  int code = read_at(files.wal, header, 0);
  if (code == SQLITE_OK) code = write_at(files.wal, header, 0);
  if (code != SQLITE_OK) return code;
  WalReader reader;
  bool is_damaged = false;
  if (!reader.open(header)) {
    if (code = compare_with_main(files, is_damaged); code != SQLITE_OK) return code;
  }
  Frame frame{};
  for (std::size_t index = 0; index < files.frames; ++index) {
    code = read_at(files.wal, frame, frame_at(index));
    if (code == SQLITE_OK) code = write_at(files.wal, frame, frame_at(index));
    if (code != SQLITE_OK) return code;
    reader.add(frame);
  }
  if (is_damaged || reader.is_damaged()) {
    notice =
        "the WAL is damaged: batches that were durable are gone, and their alert numbers may be given out again; keep "
        "a "
        "copy of what is left and restore a backup, or go on without them";
  }
  return files.wal->pMethods->xSync(files.wal, SQLITE_SYNC_NORMAL);
}
}  // namespace tocsin::journal
