// SPDX-License-Identifier: Apache-2.0
#include "tocsin/wire/control_codec.hpp"

#include "tocsin/schemas/control_generated.h"

#include "field_checks.hpp"
#include "host/input_writer.hpp"
#include "host/log_codec.hpp"
#include "host/why_codec.hpp"

namespace tocsin::wire {
namespace {
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::Vector;

constexpr std::size_t kRequestTextMax = 1024;
constexpr const char* kAckIdentifier = "TCAK";
constexpr const char* kRequestIdentifier = "TCRQ";
constexpr std::size_t kAckBytesMax = 1024 * 1024;
constexpr std::size_t kTablesMax = 8192;  // a status names every feed and alert, an ack may refuse many items
constexpr std::size_t kReplyTablesMax = engine::kNodesMax + kTablesMax;  // `why` has a table a node

template <class Table>
const Table* verified(std::span<const std::byte> buffer, std::size_t bytes_max, const char* identifier,
                      std::size_t tables_max = kTablesMax) {
  if (buffer.size() < kBufferBytesMin || buffer.size() > bytes_max || !is_aligned(buffer)) return nullptr;
  auto verifier = make_verifier(buffer, tables_max);
  if (!verifier.VerifyBuffer<Table>(identifier)) return nullptr;
  return flatbuffers::GetRoot<Table>(buffer.data());
}

// --- status, out
template <class Table, class Item, class Write>
Offset<Vector<Offset<Table>>> write_all(FlatBufferBuilder& builder, const std::vector<Item>& items, Write write) {
  if (items.empty()) return {};
  std::vector<Offset<Table>> tables;
  tables.reserve(items.size());
  for (const Item& item : items) tables.push_back(write(item));
  return builder.CreateVector(tables);
}

Offset<schemas::ShelfStatus> write(FlatBufferBuilder& builder, const ShelfStatus& shelf) {
  const auto by = write_text(builder, shelf.by);
  const auto why = write_text(builder, shelf.why);
  const auto ended = write_text(builder, shelf.ended);
  schemas::ShelfStatusBuilder table{builder};
  table.add_at(shelf.at);
  table.add_until(shelf.until);
  if (!shelf.ended.empty()) table.add_ended_at(shelf.ended_at);
  table.add_by(by);
  table.add_why(why);
  table.add_ended(ended);
  table.add_level(static_cast<schemas::Level>(shelf.level));
  table.add_until_clear(shelf.until_clear);
  return table.Finish();
}

Offset<schemas::AlertStatus> write(FlatBufferBuilder& builder, const AlertStatus& status) {
  const auto name = write_text(builder, status.name);
  const auto shelf = status.shelf.has_value() ? write(builder, *status.shelf) : Offset<schemas::ShelfStatus>{};
  schemas::AlertStatusBuilder table{builder};
  if (status.raised) table.add_raised_at(status.raised_at);
  table.add_name(name);
  table.add_raised(status.raised);
  table.add_level(static_cast<schemas::Level>(status.level));
  table.add_when(static_cast<schemas::Truth>(status.when));
  if (!shelf.IsNull()) table.add_shelf(shelf);
  return table.Finish();
}

Offset<schemas::FeedStatus> write(FlatBufferBuilder& builder, const FeedStatus& status) {
  const auto name = write_text(builder, status.name);
  const auto rejected_by = status.rejected == 0
                               ? Offset<Vector<std::uint64_t>>{}
                               : builder.CreateVector(status.rejected_by.data(), status.rejected_by.size());
  schemas::FeedStatusBuilder table{builder};
  if (status.any) table.add_mark(status.mark);
  table.add_reports(status.reports);
  if (status.last_contact != engine::kNever) table.add_last_contact(status.last_contact);
  table.add_name(name);
  table.add_overdue(status.overdue);
  table.add_rate(status.rate);
  table.add_rejected(status.rejected);
  table.add_lost(status.lost);
  if (!rejected_by.IsNull()) table.add_rejected_by(rejected_by);
  if (status.lag_ms) table.add_lag_ms(*status.lag_ms);
  if (status.mean_lag_ms) table.add_mean_lag_ms(*status.mean_lag_ms);
  return table.Finish();
}

Offset<schemas::AlarmStatus> write(FlatBufferBuilder& builder, const AlarmStatus& alarm) {
  const auto name = write_text(builder, alarm.name);
  const auto text = write_text(builder, alarm.text);
  return schemas::CreateAlarmStatus(builder, name, text, alarm.raised);
}

Offset<schemas::EndpointStatus> write(FlatBufferBuilder& builder, const EndpointStatus& one) {
  const auto endpoint = write_text(builder, one.endpoint);
  return schemas::CreateEndpointStatus(builder, endpoint, one.live, one.accepted, one.handshakes_failed,
                                       one.disconnected);
}

Offset<schemas::SenderStatus> write(FlatBufferBuilder& builder, const SenderStatus& one) {
  const auto name = write_text(builder, one.name);
  return schemas::CreateSenderStatus(builder, name, one.credit, one.unacked, one.over_quota);
}

Offset<schemas::GapStatus> write(FlatBufferBuilder& builder, const GapStatus& gap) {
  const auto publisher = write_text(builder, gap.publisher);
  schemas::GapStatusBuilder table{builder};
  if (gap.last_at != engine::kNever) table.add_last_at(gap.last_at);
  table.add_publisher(publisher);
  table.add_lost(gap.lost);
  return table.Finish();
}

Offset<schemas::NamedCount> write(FlatBufferBuilder& builder, const NamedCount& count) {
  const auto name = write_text(builder, count.name);
  return schemas::CreateNamedCount(builder, name, count.count);
}

Offset<schemas::JournalStatus> write(FlatBufferBuilder& builder, const JournalStatus& journal) {
  schemas::JournalStatusBuilder table{builder};
  table.add_bytes(journal.bytes);
  table.add_bytes_bound(journal.bytes_bound);
  table.add_bytes_free(journal.bytes_free);
  table.add_wal_bytes(journal.wal_bytes);
  table.add_disk_free_bytes(journal.disk_free_bytes);
  table.add_first_batch(journal.first_batch);
  table.add_first_alert(journal.first_alert);
  table.add_signed_batch(journal.signed_batch);
  table.add_shed_batches(journal.shed_batches);
  table.add_commits(journal.commits);
  table.add_commit_p50_us(journal.commit_p50_us);
  table.add_commit_p99_us(journal.commit_p99_us);
  table.add_commit_max_us(journal.commit_max_us);
  table.add_checkpoint_batch(journal.checkpoint_batch);
  table.add_checkpoint_ago_ms(journal.checkpoint_ago_ms);
  table.add_in_flight(journal.in_flight);
  return table.Finish();
}

Offset<Vector<Offset<flatbuffers::String>>> write_texts(FlatBufferBuilder& builder,
                                                        const std::vector<std::string>& texts) {
  if (texts.empty()) return {};
  return builder.CreateVectorOfStrings(texts);
}

Offset<schemas::RefusalCount> write(FlatBufferBuilder& builder, const RefusalCount& count) {
  const auto principal = write_text(builder, count.principal);
  const auto sample = write_text(builder, count.sample);
  return schemas::CreateRefusalCount(builder, principal, static_cast<std::uint8_t>(count.reason), count.count, sample);
}

Offset<schemas::TheaterStatus> write(FlatBufferBuilder& builder, const TheaterStatus& status) {
  const auto name = write_text(builder, status.name);
  return schemas::CreateTheaterStatus(builder, name, static_cast<schemas::Level>(status.level));
}

Offset<schemas::StatusReply> write(FlatBufferBuilder& builder, const StatusReport& status) {
  const auto each = [&builder](const auto& item) { return write(builder, item); };
  const auto version = write_text(builder, status.version);
  const auto site = write_text(builder, status.site);
  const auto title = write_text(builder, status.book_title);
  const auto error = write_text(builder, status.journal_error);
  const auto theaters = write_all<schemas::TheaterStatus>(builder, status.theaters, each);
  const auto alerts = write_all<schemas::AlertStatus>(builder, status.alerts, each);
  const auto feeds = write_all<schemas::FeedStatus>(builder, status.feeds, each);
  const auto refusals = write_all<schemas::RefusalCount>(builder, status.refusals, each);
  const auto saturated = write_texts(builder, status.saturated_indicators);
  const auto alarms = write_all<schemas::AlarmStatus>(builder, status.alarms, each);
  const auto journal = write(builder, status.journal);
  const auto endpoints = write_all<schemas::EndpointStatus>(builder, status.endpoints, each);
  const auto refused_hands = write_all<schemas::NamedCount>(builder, status.handshakes_refused, each);
  const auto senders = write_all<schemas::SenderStatus>(builder, status.senders, each);
  const auto gaps = write_all<schemas::GapStatus>(builder, status.gaps, each);
  const auto log_level = write_text(builder, status.log_level);
  schemas::StatusReplyBuilder table{builder};
  table.add_version(version);
  table.add_site(site);
  table.add_book_title(title);
  table.add_book_hash(status.book_hash);
  table.add_pid(status.pid);
  table.add_clock(status.clock);
  table.add_first_instant(status.first_instant);
  table.add_reach(status.reach);
  table.add_uptime_ms(status.uptime_ms);
  table.add_taken(status.taken);
  table.add_duplicate(status.duplicate);
  table.add_reused(status.reused);
  table.add_stale(status.stale);
  table.add_withdrawn(status.withdrawn);
  table.add_not_evaluated(status.not_evaluated);
  table.add_late(status.late);
  table.add_batches(status.batches);
  table.add_newest_alert(status.newest_alert);
  table.add_resident_bytes(status.resident_bytes);
  table.add_engine_bytes(status.engine_bytes);
  table.add_lost_broadcast(status.lost_broadcast);
  table.add_journal_trouble(!status.journal_ok);
  table.add_journal_error(error);
  table.add_theaters(theaters);
  table.add_alerts(alerts);
  table.add_feeds(feeds);
  table.add_refusals(refusals);
  table.add_boot(status.boot);
  table.add_horizon_ms(status.horizon_ms);
  table.add_finalised_early(status.finalised_early);
  table.add_worst_step(status.worst_step);
  table.add_saturated_indicators(saturated);
  table.add_alarms(alarms);
  table.add_journal(journal);
  table.add_endpoints(endpoints);
  table.add_handshakes_refused(refused_hands);
  table.add_senders(senders);
  table.add_gaps(gaps);
  table.add_subscriptions(status.subscriptions);
  table.add_subscriptions_refused(status.subscriptions_refused);
  table.add_acks_lost(status.acks_lost);
  table.add_log_level(log_level);
  table.add_step_p50_ns(status.step_p50_ns);
  table.add_step_p99_ns(status.step_p99_ns);
  table.add_step_max_ns(status.step_max_ns);
  return table.Finish();
}

Offset<schemas::VerifyReply> write(FlatBufferBuilder& builder, const VerifyAnswer& answer) {
  const auto faults = write_texts(builder, answer.faults);
  const auto key = write_text(builder, answer.public_key);
  const auto notice = write_text(builder, answer.notice);
  return schemas::CreateVerifyReply(builder, faults, answer.fault_count, answer.batches, answer.alerts, answer.notes,
                                    answer.first_batch, answer.signed_batch, answer.unsigned_batches, answer.keyed, key,
                                    notice);
}

// --- status, in. Copies out of a verified buffer and remembers whether anything was out of range.
class Decoder {
 public:
  [[nodiscard]] bool good() const { return good_; }

  template <class To, class From>
  To enumerator(From value, From largest) {
    good_ = good_ && value <= largest;
    return static_cast<To>(value);
  }
  Refusal refusal(std::uint8_t value) {
    return enumerator<Refusal>(value, static_cast<std::uint8_t>(Refusal::not_durable));
  }
  std::string text(const flatbuffers::String* from) {
    const auto view = view_of(from);
    good_ = good_ && is_clean_text(view, Breaks::allowed);
    return std::string{view};
  }
  engine::Instant instant(std::int64_t value) {
    good_ = good_ && is_instant(value);
    return value;
  }

  ShelfStatus read(const schemas::ShelfStatus& table) {
    ShelfStatus out;
    out.by = text(table.by());
    out.why = text(table.why());
    out.at = instant(table.at());
    out.until = instant(table.until());
    out.level = enumerator<engine::Level>(table.level(), schemas::Level::MAX);
    out.until_clear = table.until_clear();
    out.ended = text(table.ended());
    if (table.ended_at().has_value()) out.ended_at = instant(table.ended_at().value());
    return out;
  }
  AlertStatus read(const schemas::AlertStatus& table) {
    AlertStatus out;
    out.name = text(table.name());
    out.raised = table.raised();
    out.level = enumerator<engine::Level>(table.level(), schemas::Level::MAX);
    out.when = enumerator<engine::Truth>(table.when(), schemas::Truth::MAX);
    if (table.raised_at().has_value()) out.raised_at = instant(table.raised_at().value());
    if (table.shelf() != nullptr) out.shelf = read(*table.shelf());
    return out;
  }
  FeedStatus read(const schemas::FeedStatus& table) {
    FeedStatus out;
    out.name = text(table.name());
    out.any = table.mark().has_value();
    out.mark = table.mark().value_or(0);
    out.reports = table.reports();
    if (table.last_contact().has_value()) out.last_contact = instant(table.last_contact().value());
    out.overdue = table.overdue();
    out.rate = table.rate();
    good_ = good_ && out.rate >= 0;
    out.rejected = table.rejected();
    out.lost = table.lost();
    if (const auto* by = table.rejected_by(); by != nullptr) read_counts(*by, out.rejected_by);
    if (table.lag_ms().has_value()) out.lag_ms = table.lag_ms().value();
    if (table.mean_lag_ms().has_value()) out.mean_lag_ms = table.mean_lag_ms().value();
    const auto within = [](engine::Span lag) { return lag >= -engine::kInstantMax && lag <= engine::kInstantMax; };
    good_ = good_ && within(out.lag_ms.value_or(0)) && within(out.mean_lag_ms.value_or(0));
    return out;
  }
  /// The verifier aligns a vector's length, not its elements.
  void read_counts(const Vector<std::uint64_t>& from, std::span<std::uint64_t> out) {
    const auto place = reinterpret_cast<std::uintptr_t>(from.Data());
    const auto count = std::min<std::size_t>(from.size(), out.size());
    good_ = good_ && (count == 0 || place % alignof(std::uint64_t) == 0);
    if (good_) std::copy_n(from.begin(), count, out.begin());
  }
  AlarmStatus read(const schemas::AlarmStatus& table) {
    return {text(table.name()), text(table.text()), table.raised()};
  }
  EndpointStatus read(const schemas::EndpointStatus& table) {
    return {text(table.endpoint()), table.live(), table.accepted(), table.handshakes_failed(), table.disconnected()};
  }
  SenderStatus read(const schemas::SenderStatus& table) {
    return {text(table.name()), table.credit(), table.unacked(), table.over_quota()};
  }
  GapStatus read(const schemas::GapStatus& table) {
    GapStatus out{text(table.publisher()), table.lost(), engine::kNever};
    if (table.last_at().has_value()) out.last_at = instant(table.last_at().value());
    return out;
  }
  NamedCount read(const schemas::NamedCount& table) { return {text(table.name()), table.count()}; }
  static JournalStatus read(const schemas::JournalStatus& table) {
    JournalStatus out;
    out.bytes = table.bytes();
    out.bytes_bound = table.bytes_bound();
    out.bytes_free = table.bytes_free();
    out.wal_bytes = table.wal_bytes();
    out.disk_free_bytes = table.disk_free_bytes();
    out.first_batch = table.first_batch();
    out.first_alert = table.first_alert();
    out.signed_batch = table.signed_batch();
    out.shed_batches = table.shed_batches();
    out.commits = table.commits();
    out.commit_p50_us = table.commit_p50_us();
    out.commit_p99_us = table.commit_p99_us();
    out.commit_max_us = table.commit_max_us();
    out.checkpoint_batch = table.checkpoint_batch();
    out.checkpoint_ago_ms = table.checkpoint_ago_ms();
    out.in_flight = table.in_flight();
    return out;
  }
  RefusalCount read(const schemas::RefusalCount& table) {
    return {text(table.principal()), refusal(table.reason()), table.count(), text(table.sample())};
  }
  TheaterStatus read(const schemas::TheaterStatus& table) {
    return {text(table.name()), enumerator<engine::Level>(table.level(), schemas::Level::MAX)};
  }
  RefusedItem read(const schemas::RefusedItem& table) {
    return {table.frame(), table.index(), refusal(table.code()), table.retry(), text(table.text())};
  }
  template <class Table, class Item>
  void read_all(const Vector<Offset<Table>>* tables, std::vector<Item>& out) {
    if (tables == nullptr) return;
    for (const Table* table : *tables) out.push_back(read(*table));
  }
  StatusReport read(const schemas::StatusReply& table) {
    StatusReport out;
    out.version = text(table.version());
    out.site = text(table.site());
    out.book_title = text(table.book_title());
    out.book_hash = table.book_hash();
    out.pid = table.pid();
    out.clock = instant(table.clock());
    out.first_instant = instant(table.first_instant());
    out.reach = table.reach();
    out.uptime_ms = table.uptime_ms();
    out.taken = table.taken();
    out.duplicate = table.duplicate();
    out.reused = table.reused();
    out.stale = table.stale();
    out.withdrawn = table.withdrawn();
    out.not_evaluated = table.not_evaluated();
    out.late = table.late();
    out.batches = table.batches();
    out.newest_alert = table.newest_alert();
    out.resident_bytes = table.resident_bytes();
    out.engine_bytes = table.engine_bytes();
    out.lost_broadcast = table.lost_broadcast();
    out.journal_ok = !table.journal_trouble();
    out.journal_error = text(table.journal_error());
    read_all(table.theaters(), out.theaters);
    read_all(table.alerts(), out.alerts);
    read_all(table.feeds(), out.feeds);
    read_all(table.refusals(), out.refusals);
    read_more(table, out);
    return out;
  }
  void read_more(const schemas::StatusReply& table, StatusReport& out) {
    out.boot = table.boot();
    out.horizon_ms = table.horizon_ms();
    out.finalised_early = table.finalised_early();
    out.worst_step = table.worst_step();
    read_texts(table.saturated_indicators(), out.saturated_indicators);
    read_all(table.alarms(), out.alarms);
    if (table.journal() != nullptr) out.journal = read(*table.journal());
    read_all(table.endpoints(), out.endpoints);
    read_all(table.handshakes_refused(), out.handshakes_refused);
    read_all(table.senders(), out.senders);
    read_all(table.gaps(), out.gaps);
    out.subscriptions = table.subscriptions();
    out.subscriptions_refused = table.subscriptions_refused();
    out.acks_lost = table.acks_lost();
    out.log_level = text(table.log_level());
    out.step_p50_ns = table.step_p50_ns();
    out.step_p99_ns = table.step_p99_ns();
    out.step_max_ns = table.step_max_ns();
  }
  void read_texts(const Vector<Offset<flatbuffers::String>>* from, std::vector<std::string>& out) {
    if (from == nullptr) return;
    for (const auto* one : *from) out.push_back(text(one));
  }
  VerifyAnswer read(const schemas::VerifyReply& table) {
    VerifyAnswer out;
    read_texts(table.faults(), out.faults);
    out.fault_count = table.fault_count();
    out.batches = table.batches();
    out.alerts = table.alerts();
    out.notes = table.notes();
    out.first_batch = table.first_batch();
    out.signed_batch = table.signed_batch();
    out.unsigned_batches = table.unsigned_batches();
    out.keyed = table.keyed();
    out.public_key = text(table.public_key());
    out.notice = text(table.notice());
    return out;
  }

 private:
  bool good_ = true;
};
}  // namespace

struct AckWriter::Builder {
  FlatBufferBuilder flat{1024};
  std::vector<Offset<schemas::RefusedItem>> items;
};

AckWriter::AckWriter() : builder_{std::make_unique<Builder>()} {}
AckWriter::~AckWriter() = default;

std::span<const std::byte> AckWriter::encode(std::uint64_t frame, std::span<const RefusedItem> refused) {
  auto& flat = builder_->flat;
  auto& items = builder_->items;
  flat.Clear();
  items.clear();
  for (const RefusedItem& item : refused) {
    const auto text = write_text(flat, item.text);
    items.push_back(schemas::CreateRefusedItem(flat, item.frame, item.index, static_cast<std::uint8_t>(item.code),
                                               item.retry, text));
  }
  Offset<Vector<Offset<schemas::RefusedItem>>> list;
  if (!items.empty()) list = flat.CreateVector(items);
  flat.Finish(schemas::CreateAck(flat, frame, list), kAckIdentifier);
  return std::as_bytes(std::span{flat.GetBufferPointer(), flat.GetSize()});
}

std::vector<std::byte> encode_ack(const Ack& ack) {
  AckWriter writer;
  const auto bytes = writer.encode(ack.frame, ack.refused);
  return {bytes.begin(), bytes.end()};
}

std::optional<Ack> decode_ack(std::span<const std::byte> buffer) {
  const auto* table = verified<schemas::Ack>(buffer, kAckBytesMax, kAckIdentifier);
  if (table == nullptr) return std::nullopt;
  Decoder decoder;
  Ack out;
  out.frame = table->frame();
  decoder.read_all(table->refused(), out.refused);
  return decoder.good() ? std::optional<Ack>{std::move(out)} : std::nullopt;
}

std::vector<std::byte> encode_request(const ControlRequest& request) {
  FlatBufferBuilder builder{256};
  const auto feed = write_text(builder, request.feed);
  const auto name = write_text(builder, request.name);
  const auto consumer = write_text(builder, request.consumer);
  const auto text = write_text(builder, request.text);
  Offset<Vector<std::uint8_t>> image;
  if (!request.image.empty()) {
    image = builder.CreateVector(reinterpret_cast<const std::uint8_t*>(request.image.data()), request.image.size());
  }
  flatbuffers::Optional<std::int64_t> at;
  if (request.at) at = *request.at;
  builder.Finish(
      schemas::CreateControlRequest(builder, static_cast<schemas::RequestKind>(request.kind), request.id, feed,
                                    request.since, request.limit, name, at, consumer, request.number, text, image,
                                    request.since_checkpoint, request.span_ms, request.until_clear),
      kRequestIdentifier);
  return bytes_of(builder);
}

std::optional<ControlRequest> decode_request(std::span<const std::byte> buffer) {
  const auto* table = verified<schemas::ControlRequest>(buffer, kRequestBytesMax, kRequestIdentifier);
  if (table == nullptr) return std::nullopt;
  Decoder decoder;
  ControlRequest out;
  out.kind = decoder.enumerator<ControlKind>(table->kind(), schemas::RequestKind::MAX);
  out.id = table->id();
  out.feed = decoder.text(table->feed());
  out.since = table->since();
  out.limit = table->limit();
  out.name = decoder.text(table->name());
  if (table->at().has_value()) out.at = decoder.instant(table->at().value());
  out.consumer = decoder.text(table->consumer());
  out.number = table->number();
  out.text = decoder.text(table->text());
  if (table->image() != nullptr) {
    const auto* first = reinterpret_cast<const std::byte*>(table->image()->data());
    out.image.assign(first, first + table->image()->size());
  }
  out.since_checkpoint = table->since_checkpoint();
  out.span_ms = table->span_ms();
  out.until_clear = table->until_clear();
  const bool good = decoder.good() && out.feed.size() <= kNameBytesMax && out.name.size() <= kNameBytesMax &&
                    out.consumer.size() <= kNameBytesMax && out.text.size() <= kRequestTextMax;
  return good ? std::optional<ControlRequest>{std::move(out)} : std::nullopt;
}

std::vector<std::byte> encode_reply(const ControlReply& reply) {
  FlatBufferBuilder builder{4096};
  const auto error = write_text(builder, reply.error);
  const auto status = reply.status.has_value() ? write(builder, *reply.status) : Offset<schemas::StatusReply>{};
  const auto alerts =
      write_all<schemas::EncodedAlert>(builder, reply.alerts, [&builder](const std::vector<std::byte>& alert) {
        const auto bytes = builder.CreateVector(reinterpret_cast<const std::uint8_t*>(alert.data()), alert.size());
        return schemas::CreateEncodedAlert(builder, bytes);
      });
  const auto text = write_text(builder, reply.text);
  const auto verify = reply.verify.has_value() ? write(builder, *reply.verify) : Offset<schemas::VerifyReply>{};
  const auto log = reply.log.has_value() ? write_log(builder, *reply.log) : Offset<schemas::LogReply>{};
  const auto why = reply.why.has_value() ? write_why(builder, *reply.why) : Offset<schemas::WhyReply>{};
  schemas::ControlReplyBuilder table{builder};
  table.add_id(reply.id);
  if (reply.has_mark) table.add_mark(reply.mark);
  table.add_error(error);
  table.add_status(status);
  table.add_alerts(alerts);
  table.add_failed(!reply.ok);
  table.add_more(reply.more);
  if (!why.IsNull()) table.add_why(why);
  table.add_unknown_name(reply.unknown_name);
  table.add_boot(reply.boot);
  table.add_credit(reply.credit);
  if (reply.cursor) table.add_cursor(*reply.cursor);
  table.add_text(text);
  table.add_done(reply.done);
  table.add_pages_left(reply.pages_left);
  if (!verify.IsNull()) table.add_verify(verify);
  if (!log.IsNull()) table.add_log(log);
  table.add_gone_first(reply.gone_first);
  table.add_gone_last(reply.gone_last);
  schemas::FinishControlReplyBuffer(builder, table.Finish());
  return bytes_of(builder);
}

std::optional<ControlReply> decode_reply(std::span<const std::byte> buffer) {
  const auto* table =
      verified<schemas::ControlReply>(buffer, kReplyBytesMax, schemas::ControlReplyIdentifier(), kReplyTablesMax);
  if (table == nullptr) return std::nullopt;
  Decoder decoder;
  ControlReply out;
  out.id = table->id();
  out.ok = !table->failed();
  out.error = decoder.text(table->error());
  out.has_mark = table->mark().has_value();
  out.mark = table->mark().value_or(0);
  out.more = table->more();
  out.unknown_name = table->unknown_name();
  out.boot = table->boot();
  out.credit = table->credit();
  if (table->cursor().has_value()) out.cursor = table->cursor().value();
  out.text = decoder.text(table->text());
  out.done = table->done();
  out.pages_left = table->pages_left();
  out.gone_first = table->gone_first();
  out.gone_last = table->gone_last();
  if (table->verify() != nullptr) out.verify = decoder.read(*table->verify());
  if (table->status() != nullptr) out.status = decoder.read(*table->status());
  if (table->alerts() != nullptr) {
    for (const auto* alert : *table->alerts()) {
      if (alert->bytes() == nullptr) return std::nullopt;
      const auto* first = reinterpret_cast<const std::byte*>(alert->bytes()->data());
      out.alerts.emplace_back(first, first + alert->bytes()->size());
    }
  }
  bool good = table->why() == nullptr || read_why(*table->why(), out.why.emplace());
  good = good && (table->log() == nullptr || read_log(*table->log(), out.log.emplace()));
  return decoder.good() && good ? std::optional<ControlReply>{std::move(out)} : std::nullopt;
}
}  // namespace tocsin::wire
