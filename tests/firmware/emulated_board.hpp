// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file EmulatedBoard: the firmware running in qemu-system-arm, its UART0 on a socket.
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tocsin::tests {

/// One emulator process, in a temporary folder of its own; both are gone when the object is.
class EmulatedBoard {
 public:
  struct StackUse {
    std::size_t used;  ///< [bytes]
    std::size_t size;  ///< [bytes]
  };

  /// What is missing to run `elf`: a sentence, empty when nothing is.
  [[nodiscard]] static std::string missing(const std::string& elf);
  /// Makes the temporary folder. @returns null and sets `error` when that fails.
  [[nodiscard]] static std::unique_ptr<EmulatedBoard> make(std::string& error);
  /// Starts the emulator, once.
  /// @param elf         the firmware.
  /// @param rule_image  file to put into the board's rule slot; empty: the slot stays empty.
  /// @returns false and sets `error` when the emulator does not start.
  [[nodiscard]] bool start(const std::string& elf, const std::string& rule_image, std::string& error);
  ~EmulatedBoard();
  EmulatedBoard(const EmulatedBoard&) = delete;
  EmulatedBoard& operator=(const EmulatedBoard&) = delete;

  /// @returns false when the emulator has gone.
  [[nodiscard]] bool send(std::span<const std::byte> bytes);
  /// Waits at most `patience_ms` for bytes and appends them. @returns false when none came.
  [[nodiscard]] bool receive(std::vector<std::byte>& out, int patience_ms);
  /// Counts the bytes of the stack whose paint is gone.
  [[nodiscard]] std::optional<StackUse> stack_use();
  /// The temporary folder.
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  EmulatedBoard() = default;
  bool write_slot_(const std::string& rule_image, std::string& error);
  bool spawn_(const std::string& elf, bool with_slot);
  [[nodiscard]] int connect_(const std::string& name) const;

  std::string folder_;
  pid_t pid_ = -1;
  int serial_ = -1;
};

}  // namespace tocsin::tests
