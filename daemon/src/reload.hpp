// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Reload: another book while the daemon runs, and at a start after the image file changed.
///
///     Successor next{config.label};
///     if (auto error = next.load("book.tcn"); !error.empty()) refuse;
///     while (next.warm(journal, 4096) == Successor::Progress::more) commit and serve in between;   // journal's thread
///     core.change_book(next, who, change);                                                        // between two lines
///
/// Nothing changes before change_book(): an error, or just dropping the successor, leaves the old book ruling.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tocsin/daemon/config.hpp"
#include "tocsin/daemon/image_file.hpp"
#include "tocsin/engine/engine.hpp"
#include "tocsin/journal/journal.hpp"

namespace tocsin::daemon {
/// @{ Names of marks in the journal: the book that came to rule with the last change, by its hash, and the one that was
/// in the image file then. They outlive the note of that change.
inline constexpr std::string_view kRulingMark = "~book/rules";
inline constexpr std::string_view kFileMark = "~book/file";
/// @}

/// A rule image with the memory and the engine that run it.
struct Book {
  Book() = default;
  ~Book();
  Book(const Book&) = delete;
  Book& operator=(const Book&) = delete;

  /// Maps memory for the engine of the loaded file. @returns why there is none, or empty.
  [[nodiscard]] std::string map();
  void start(engine::Instant first, engine::Status label);
  [[nodiscard]] const engine::Image& image() const { return file.image(); }

  ImageFile file;
  std::byte* block = nullptr;
  std::size_t block_bytes = 0;
  std::optional<engine::Engine> engine;
  bool started = false;
};

/// One alert event of a change of book.
struct Said {
  engine::AlertEvent event;
  bool by_book = false;  ///< a clear of the old book's alert: its indices are the old image's
  bool history = false;  ///< the new book's word on the time before it ruled
  bool notify = false;   ///< goes out at once; the rest is only stored
};

/// The same as it was stored.
struct Told {
  std::uint64_t number = 0;
  engine::Instant at = 0;
  engine::Level level{};
  std::string name;
  std::vector<std::uint64_t> words;  ///< encoded, 8-byte aligned
  std::size_t size = 0;              ///< [bytes]
  bool notify = false;
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span{words}).first(size); }
};

/// What a change of book did.
struct BookChange {
  std::uint64_t old_hash = 0;
  std::uint64_t new_hash = 0;
  std::size_t cleared = 0;  ///< alerts that were raised and are not any more
  std::size_t history = 0;  ///< events of the time before, stored and not notified
  std::vector<Told> told;   ///< all of them, in the order of their numbers
};

/// A book on its way to rule.
class Successor {
 public:
  enum class Progress : std::uint8_t {
    more = 0,   ///< there is more history: call warm() again
    level = 1,  ///< it knows all that is stored
    failed = 2  ///< the journal could not be read: error() says why
  };

  explicit Successor(engine::Status label);
  ~Successor();
  Successor(const Successor&) = delete;
  Successor& operator=(const Successor&) = delete;

  /// @{ @returns why it is no book for this daemon, with the mend, or empty.
  [[nodiscard]] std::string load(const std::string& path);
  [[nodiscard]] std::string load(std::span<const std::byte> image, const std::string& what);
  /// @}
  /// A book that is loaded and mapped already, and not started.
  void take(std::unique_ptr<Book> book);
  /// @returns the first thing of the config that the book lacks, or empty.
  [[nodiscard]] std::string lacks(const Config& config) const;
  [[nodiscard]] const engine::Image& image() const { return book_->image(); }
  /// True when it was read from a file.
  [[nodiscard]] bool from_file() const { return from_file_; }

  /// Steps over stored batches that it does not know yet, until about `items` inputs were taken or `last` is reached.
  [[nodiscard]] Progress warm(journal::Journal& journal, std::size_t items, std::uint64_t last = UINT64_MAX);
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] std::uint64_t items() const { return items_; }

  /// Takes over what both books remember (engine::transplant), and says what changes for whoever listens: clears first.
  /// @param old  used up afterwards.
  void take_over(const engine::Image& old_image, engine::Engine& old, std::vector<Said>& said);
  [[nodiscard]] Book& book() { return *book_; }
  [[nodiscard]] std::unique_ptr<Book> release() { return std::move(book_); }

 private:
  void step_over_(const journal::StoredBatch& batch, engine::Instant first);

  engine::Status label_;
  std::unique_ptr<Book> book_;
  bool from_file_ = false;
  std::uint64_t after_ = 0;  ///< the last batch it knows
  std::uint64_t items_ = 0;
  std::string error_;
};
}  // namespace tocsin::daemon
