// SPDX-License-Identifier: Apache-2.0
// Sends a history through the firmware in the emulator and compares what it says with `tocsin replay`, byte for byte.
//   firmware_line_driver --elf FILE --tocsin TOOL (--image BOOK.tcn | --book BOOK.watch) [--expect FILE] [--require]
//       HISTORY...
// --image   the rule image that the firmware was built with
// --book    compiled for the board and put into its rule slot
// --expect  compares with this file instead of what `tocsin replay` prints with the same rule image
// On the way one frame is damaged and one is cut short; the next try must make up for it.
// Exit: 0 the same, 1 not (or a reason not to know, with --require), 2 bad usage, 77 no emulator or no firmware.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/text/json_lines.hpp"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/batch_codec.hpp"
#include "tocsin/wire/control_codec.hpp"
#include "tocsin/wire/frame.hpp"

#include "emulated_board.hpp"

namespace {
using namespace tocsin;
using tests::EmulatedBoard;
using Clock = std::chrono::steady_clock;

constexpr int kSkip = 77;
constexpr std::size_t kBatchBytesMax = 8192;  // what the firmware takes
constexpr std::size_t kItemsMax = 16;         // per batch; fewer than the limit, to have more frames
constexpr std::size_t kBatchesWanted = 4;     // at least, so that something comes before and after the spoiled ones
constexpr auto kFirstTry = std::chrono::milliseconds{600};
constexpr int kTriesMax = 20;

struct Options {
  std::string elf, image, book, tool, expect;
  std::vector<std::string> histories;
  bool require = false;
};

bool parse(int argc, char** argv, Options& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument{argv[i]};
    const auto take = [&](std::string& value) {
      if (i + 1 >= argc) return false;
      value = argv[++i];
      return true;
    };
    bool ok = true;
    if (argument == "--elf") {
      ok = take(out.elf);
    } else if (argument == "--image") {
      ok = take(out.image);
    } else if (argument == "--tocsin") {
      ok = take(out.tool);
    } else if (argument == "--expect") {
      ok = take(out.expect);
    } else if (argument == "--book") {
      ok = take(out.book);
    } else if (argument == "--require") {
      out.require = true;
    } else if (argument.substr(0, 1) == "-") {
      ok = false;
    } else {
      out.histories.emplace_back(argument);
    }
    if (!ok) return false;
  }
  const char* must = std::getenv("TOCSIN_REQUIRE_FIRMWARE");
  out.require = out.require || (must != nullptr && std::string_view{must} == "1");
  return !out.elf.empty() && !out.tool.empty() && !out.histories.empty() && out.image.empty() != out.book.empty();
}

/// As `tocsin replay` does: lines without a number are counted from 1 per feed.
void give_number(text::Line& line, std::map<std::string, std::uint64_t, std::less<>>& counts) {
  wire::InputView& view = line.view();
  const bool numbered = view.kind == engine::InputKind::report || view.kind == engine::InputKind::retraction;
  if (numbered && !view.seq) view.seq = ++counts[std::string{view.feed}];
}

struct History {
  std::vector<text::Line> lines;
  bool clock_added = false;  ///< as `tocsin replay --start-clock` does
};

/// The firmware starts at the first item's time, `tocsin replay` at a clock line in front or else at the earliest time.
/// Where these differ, a clock line makes them the same.
bool agree_on_start(History& history, std::string& error) {
  if (history.lines.empty() || history.lines.front().view().kind == engine::InputKind::clock) return true;
  engine::Instant first = engine::kForever;
  for (const text::Line& line : history.lines) {
    if (line.view().kind == engine::InputKind::report || line.view().kind == engine::InputKind::heartbeat) {
      first = std::min(first, line.view().time);
    }
  }
  if (history.lines.front().view().time == first) return true;
  text::Line clock;
  if (!text::parse_line("{\"clock\":\"" + text::format_instant(first) + "\"}", clock, error)) return false;
  history.lines.insert(history.lines.begin(), std::move(clock));
  history.clock_added = true;
  return true;
}

/// The lines of all files, parsed.
std::optional<History> read_histories(const std::vector<std::string>& files) {
  History history;
  std::map<std::string, std::uint64_t, std::less<>> counts;
  std::string error;
  for (const std::string& file : files) {
    std::ifstream in{file};
    if (!in) {
      std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
      return std::nullopt;
    }
    std::string raw;
    for (int number = 1; std::getline(in, raw); ++number) {
      if (raw.empty()) continue;
      text::Line line;
      if (!text::parse_line(raw, line, error)) {
        std::fprintf(stderr, "%s:%d: %s\n", file.c_str(), number, error.c_str());
        return std::nullopt;
      }
      give_number(line, counts);
      history.lines.push_back(std::move(line));
    }
  }
  if (!agree_on_start(history, error)) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return std::nullopt;
  }
  return history;
}

/// Encodes the lines as batches that the firmware takes, numbered from 1.
std::vector<std::vector<std::byte>> encode(const std::vector<text::Line>& lines) {
  const std::size_t items_max = std::clamp<std::size_t>(lines.size() / kBatchesWanted, 1, kItemsMax);
  std::vector<std::vector<std::byte>> batches;
  std::vector<wire::InputView> items;
  std::vector<std::byte> encoded;
  for (const text::Line& line : lines) {
    items.push_back(line.view());
    std::vector<std::byte> longer = wire::encode_batch(batches.size() + 1, items);
    if (items.size() > items_max || longer.size() > kBatchBytesMax) {
      batches.push_back(std::move(encoded));
      items.assign(1, line.view());
      longer = wire::encode_batch(batches.size() + 1, items);
    }
    encoded = std::move(longer);
  }
  if (!items.empty()) batches.push_back(std::move(encoded));
  return batches;
}

std::vector<std::byte> framed(std::span<const std::byte> payload) {
  std::array<std::byte, wire::kFrameHeaderBytes> header{};
  wire::write_frame_header(payload, header);
  std::vector<std::byte> out{header.begin(), header.end()};
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

/// The other end of the board's line.
class Line {
 public:
  explicit Line(EmulatedBoard& board) : board_{board}, decoder_{std::as_writable_bytes(std::span{storage_})} {}

  /// Waits for the Ack of a batch; formats the alert events that come before it. Late answers to an earlier try of
  /// another batch are passed over. @returns nothing when it did not come in time.
  std::optional<wire::Ack> wait_ack(std::uint64_t number, std::chrono::milliseconds patience) {
    const auto deadline = Clock::now() + patience;
    for (;;) {
      while (more_ || next_ < received_.size()) {
        const bool ready = more_ ? decoder_.next() : decoder_.push(received_[next_++]);
        more_ = ready;
        if (!ready) continue;
        if (auto alert = wire::decode_alert(decoder_.payload())) {
          events.push_back(text::format_alert(*alert));
        } else if (auto ack = wire::decode_ack(decoder_.payload())) {
          if (ack->frame == number) return ack;
        } else {
          ++unknown_payloads;
        }
      }
      received_.clear();
      next_ = 0;
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
      if (left.count() <= 0 || !board_.receive(received_, static_cast<int>(left.count()))) return std::nullopt;
    }
  }
  [[nodiscard]] std::uint32_t damaged() const { return decoder_.damaged(); }

  std::vector<std::string> events;
  int unknown_payloads = 0;

 private:
  EmulatedBoard& board_;
  std::vector<std::uint64_t> storage_ =
      std::vector<std::uint64_t>((wire::kFrameHeaderBytes + wire::kSerialPayloadMax) / 8);
  wire::FrameDecoder decoder_;
  std::vector<std::byte> received_;
  std::size_t next_ = 0;
  bool more_ = false;  ///< the decoder may have a further frame
};

struct Transfer {
  int spoiled = 0;
  int resent = 0;
  int refused = 0;
  std::size_t bytes = 0;
  std::uint32_t damaged = 0;
  std::vector<std::string> events;
};

/// Sends one batch until it is acknowledged. `spoil` damages the first try.
bool send(EmulatedBoard& board, Line& line, std::uint64_t number, std::span<const std::byte> batch, int spoil,
          Transfer& transfer) {
  const std::vector<std::byte> good = framed(batch);
  for (int attempt = 0; attempt < kTriesMax; ++attempt) {
    std::vector<std::byte> bytes = good;
    if (attempt == 0 && spoil != 0) ++transfer.spoiled;
    if (attempt == 0 && spoil == 1) bytes[bytes.size() / 2] ^= std::byte{0x40};
    if (attempt == 0 && spoil == 2) bytes.resize(bytes.size() / 2);
    if (!board.send(bytes)) return false;
    transfer.bytes += bytes.size();
    if (auto ack = line.wait_ack(number, kFirstTry)) {
      for (const wire::RefusedItem& item : ack->refused) {
        std::fprintf(stderr, "batch %llu, item %u refused: %s\n", static_cast<unsigned long long>(number), item.index,
                     item.text.c_str());
      }
      transfer.refused += static_cast<int>(ack->refused.size());
      return true;
    }
    ++transfer.resent;
  }
  std::fprintf(stderr, "batch %llu is not acknowledged\n", static_cast<unsigned long long>(number));
  return false;
}

std::optional<Transfer> run_board(EmulatedBoard& board, const std::vector<std::vector<std::byte>>& batches) {
  Line line{board};
  Transfer transfer;
  const auto greeting = line.wait_ack(0, std::chrono::seconds{20});
  if (!greeting) {
    std::fprintf(stderr, "the firmware does not say that it is there\n");
    return std::nullopt;
  }
  for (const wire::RefusedItem& item : greeting->refused) {
    std::fprintf(stderr, "the firmware says: %s\n", item.text.c_str());
    return std::nullopt;
  }
  const std::size_t damaged_one = batches.size() / 2;
  const std::size_t cut_one = batches.size() / 3;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const int spoil = i == damaged_one ? 1 : i == cut_one ? 2 : 0;
    if (!send(board, line, i + 1, batches[i], spoil, transfer)) return std::nullopt;
  }
  transfer.events = std::move(line.events);
  transfer.damaged = line.damaged();
  if (line.unknown_payloads != 0) {
    std::fprintf(stderr, "%d payloads of an unknown kind\n", line.unknown_payloads);
    return std::nullopt;
  }
  return transfer;
}

std::string shell_word(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
  return out + "'";
}

std::vector<std::string> split(std::istream& in) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool run_tool(const Options& options, const std::string& arguments) {
  const std::string command = shell_word(options.tool) + " " + arguments;
  if (std::system(command.c_str()) == 0) return true;
  std::fprintf(stderr, "failed: %s\n", command.c_str());
  return false;
}

std::optional<std::vector<std::string>> expected_events(const Options& options, const std::string& image,
                                                        bool clock_added, const std::string& folder) {
  std::string file = options.expect;
  if (file.empty()) {
    file = folder + "/replay.jsonl";
    std::string arguments = "replay --quiet " + std::string{clock_added ? "--start-clock " : ""} + shell_word(image);
    for (const std::string& history : options.histories) arguments += " " + shell_word(history);
    if (!run_tool(options, arguments + " > " + shell_word(file))) return std::nullopt;
  }
  std::ifstream in{file};
  if (!in) {
    std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
    return std::nullopt;
  }
  return split(in);
}

bool same(const std::vector<std::string>& board, const std::vector<std::string>& expected) {
  for (std::size_t i = 0; i < std::max(board.size(), expected.size()); ++i) {
    const std::string left = i < board.size() ? board[i] : "(nothing)";
    const std::string right = i < expected.size() ? expected[i] : "(nothing)";
    if (left == right) continue;
    std::fprintf(stderr, "event %zu differs\n  firmware: %s\n  expected: %s\n", i + 1, left.c_str(), right.c_str());
    return false;
  }
  return true;
}

/// Why the comparison cannot be made: a sentence, empty when it can.
std::string missing_for(const Options& options) {
  std::string missing = EmulatedBoard::missing(options.elf);
  if (!missing.empty() || options.require) return missing;
  std::error_code ignored;
  if (std::filesystem::last_write_time(options.elf, ignored) <
      std::filesystem::last_write_time(options.tool, ignored)) {
    missing = options.elf + " is older than " + options.tool + ", so they may differ; build the preset cortex-m4 again";
  }
  return missing;
}

int run(const Options& options) {
  const std::string missing = missing_for(options);
  if (!missing.empty()) {
    std::fprintf(stderr, "%s: %s\n", options.require ? "failed" : "skipped", missing.c_str());
    return options.require ? 1 : kSkip;
  }
  const auto history = read_histories(options.histories);
  if (!history) return 1;
  const auto batches = encode(history->lines);

  std::string error;
  const auto board = EmulatedBoard::make(error);
  if (!board) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  std::string image = options.image;
  if (image.empty()) {
    image = board->folder() + "/book.tcn";
    if (!run_tool(options, "compile " + shell_word(options.book) + " --target mcu -o " + shell_word(image))) return 1;
  }
  const auto start = Clock::now();
  if (!board->start(options.elf, options.book.empty() ? std::string{} : image, error)) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  const auto transfer = run_board(*board, batches);
  if (!transfer) return 1;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const auto expected = expected_events(options, image, history->clock_added, board->folder());
  if (!expected) return 1;

  std::printf("%zu lines in %zu batches (%zu bytes) in %.1f s, %d sent again, %d items refused, %zu events\n",
              history->lines.size(), batches.size(), transfer->bytes, seconds, transfer->resent, transfer->refused,
              transfer->events.size());
  if (const auto stack = board->stack_use()) {
    std::printf("stack: at most %zu of %zu bytes used\n", stack->used, stack->size);
  } else {
    std::fprintf(stderr, "the stack cannot be read\n");
    return 1;
  }
  if (transfer->resent < transfer->spoiled) {
    std::fprintf(stderr, "a damaged and a cut frame were taken for good ones\n");
    return 1;
  }
  return same(transfer->events, *expected) ? 0 : 1;
}
}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fprintf(
        stderr,
        "usage: %s --elf FILE --tocsin TOOL (--image BOOK.tcn | --book BOOK.watch) [--expect FILE] [--require] "
        "HISTORY...\n",
        argv[0]);
    return 2;
  }
  return run(options);
}
