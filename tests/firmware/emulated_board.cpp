// SPDX-License-Identifier: Apache-2.0
#include "emulated_board.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "tocsin/engine/base/crc32.hpp"
#include "tocsin/wire/frame.hpp"

namespace tocsin::tests {
namespace {
constexpr const char* kEmulator = "qemu-system-arm";
// Facts of the firmware for this board: memory.ld, CMakeLists.txt and drivers.hpp of firmware/board/mps2_an386.
constexpr std::uint32_t kStackBottom = 0x20000400;  // above the guard
constexpr std::size_t kStackBytes = 0x1C00;
constexpr std::byte kStackPaint{0xC5};
constexpr std::uint32_t kSlotAddress = 0x00200000;

bool in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (access((rest.substr(0, end) + "/" + program).c_str(), X_OK) == 0) return true;
    rest.erase(0, end + 1);
  }
  return false;
}

void put_u32(std::vector<std::byte>& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::byte>(value >> shift));
}
}  // namespace

std::string EmulatedBoard::missing(const std::string& elf) {
  if (!in_path(kEmulator)) return std::string{kEmulator} + " is not installed";
  if (access(elf.c_str(), R_OK) != 0) return elf + " is not there; build it with: cmake --workflow --preset cortex-m4";
  return {};
}

std::unique_ptr<EmulatedBoard> EmulatedBoard::make(std::string& error) {
  std::unique_ptr<EmulatedBoard> board{new EmulatedBoard};
  std::string name = (std::filesystem::temp_directory_path() / "tocsin-board.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    error = "no temporary folder: " + std::string{std::strerror(errno)};
    return nullptr;
  }
  board->folder_ = name;
  return board;
}

bool EmulatedBoard::start(const std::string& elf, const std::string& rule_image, std::string& error) {
  if (!rule_image.empty() && !write_slot_(rule_image, error)) return false;
  if (!spawn_(elf, !rule_image.empty())) {
    error = std::string{"cannot start "} + kEmulator + ": " + std::strerror(errno);
    return false;
  }
  serial_ = connect_("serial");
  if (serial_ < 0) {
    error = std::string{kEmulator} + " does not open its serial port";
    return false;
  }
  return true;
}

EmulatedBoard::~EmulatedBoard() {
  if (serial_ >= 0) close(serial_);
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

// The slot's header as firmware/board/mps2_an386/rule_slot.cpp reads it: "TCSL", size, CRC-32 of the image, zero.
bool EmulatedBoard::write_slot_(const std::string& rule_image, std::string& error) {
  std::ifstream in{rule_image, std::ios::binary};
  const std::string image{std::istreambuf_iterator<char>{in}, {}};
  if (image.empty()) {
    error = rule_image + ": cannot be read";
    return false;
  }
  const auto bytes = std::as_bytes(std::span{image});
  std::vector<std::byte> slot;
  for (const char c : {'T', 'C', 'S', 'L'}) slot.push_back(static_cast<std::byte>(c));
  put_u32(slot, static_cast<std::uint32_t>(image.size()));
  put_u32(slot, crc32(bytes));
  put_u32(slot, 0);
  slot.insert(slot.end(), bytes.begin(), bytes.end());
  std::ofstream out{folder_ + "/slot", std::ios::binary};
  out.write(reinterpret_cast<const char*>(slot.data()), static_cast<std::streamsize>(slot.size()));
  return out.good();
}

bool EmulatedBoard::spawn_(const std::string& elf, bool with_slot) {
  // A comma within a value is doubled, as qemu asks.
  const auto option = [](std::string value) {
    for (std::size_t at = 0; (at = value.find(',', at)) != std::string::npos; at += 2) value.insert(at, 1, ',');
    return value;
  };
  const std::string serial = "unix:" + option(folder_ + "/serial") + ",server=on,wait=on";
  const std::string monitor = "unix:" + option(folder_ + "/monitor") + ",server=on,wait=off";
  const std::string slot =
      "loader,file=" + option(folder_ + "/slot") + ",force-raw=on,addr=" + std::to_string(kSlotAddress);
  std::vector<const char*> words{kEmulator,       "-M",      "mps2-an386",   "-display", "none",     "-monitor",
                                 monitor.c_str(), "-serial", serial.c_str(), "-kernel",  elf.c_str()};
  if (with_slot) words.insert(words.end(), {"-device", slot.c_str()});
  words.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0) return pid_ > 0;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // an interrupted test leaves no emulator behind
  execvp(kEmulator, const_cast<char* const*>(words.data()));
  _exit(127);
}

int EmulatedBoard::connect_(const std::string& name) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder_ + "/" + name;
  if (path.size() >= sizeof address.sun_path) return -1;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) break;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  close(fd);
  return -1;
}

bool EmulatedBoard::send(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(serial_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

bool EmulatedBoard::receive(std::vector<std::byte>& out, int patience_ms) {
  pollfd waiting{.fd = serial_, .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, patience_ms) <= 0) return false;
  std::array<std::byte, 4096> chunk{};
  const ssize_t count = recv(serial_, chunk.data(), chunk.size(), 0);
  if (count <= 0) return false;
  out.insert(out.end(), chunk.begin(), chunk.begin() + count);
  return true;
}

std::optional<EmulatedBoard::StackUse> EmulatedBoard::stack_use() {
  const std::string file = folder_ + "/stack";
  const int monitor = connect_("monitor");
  if (monitor < 0) return std::nullopt;
  const std::string command =
      "pmemsave " + std::to_string(kStackBottom) + " " + std::to_string(kStackBytes) + " \"" + file + "\"\n";
  bool sent = ::send(monitor, command.data(), command.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(command.size());
  std::string stack;
  for (int attempt = 0; sent && attempt < 500 && stack.size() < kStackBytes; ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
    std::ifstream in{file, std::ios::binary};
    stack.assign(std::istreambuf_iterator<char>{in}, {});
  }
  close(monitor);
  if (stack.size() != kStackBytes) return std::nullopt;
  const auto bytes = std::as_bytes(std::span{stack});
  const auto first_used = std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != kStackPaint; });
  return StackUse{.used = static_cast<std::size_t>(bytes.end() - first_used), .size = kStackBytes};
}

}  // namespace tocsin::tests
