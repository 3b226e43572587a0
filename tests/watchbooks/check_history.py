#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the shipped history: check_history.py FILE, or check_history.py --self-check FILE.

FILE is watchbooks/taiwan-korea/history/2022-08_2024-12.jsonl. Every fault is printed as FILE:LINE: what; the exit
status is 1 when there is one, 2 on bad usage. --self-check spoils the good file in one way after the other and
fails unless each spoiled copy is refused at the spoiled line.
"""

import json
import math
import re
import sys
from datetime import datetime, timedelta, timezone

KEYS = (
    "feed seq indicator time received value origin credibility actor target tag lat lon unit ref note marking release status supersedes"
).split()
REQUIRED = KEYS[:8]
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z\Z")
FIRST, END = "2022-08-01T00:00:00Z", "2025-01-01T12:00:00Z"
MAX_LINE, MAX_REF, MAX_NOTE = 500, 200, 160

# indicator: feed, origins, whole numbers from .. to
VOCABULARY = {
    "pla_aircraft": ("mnd_daily", {"mnd"}, 0, 500),
    "plan_ships": ("mnd_daily", {"mnd"}, 1, 200),  # a zero is a reading that failed, never a calm sea
    "median_crossings": ("mnd_daily", {"mnd"}, 0, 500),
    "official_ships": ("mnd_daily", {"mnd"}, 1, 100),  # likewise
    "dprk_severe": ("launches", {"jcs", "mod"}, 1, 1),
    "dprk_launch": ("launches", {"jcs", "mod"}, 1, 100),
    "dprk_incident": ("launches", {"jcs"}, 1, 1),
    "political_trigger": ("analyst", {"desk"}, 1, 1),
    "prk_rus_act": ("analyst", {"desk"}, 1, 1),
    "ally_crisis": ("analyst", {"desk"}, 1, 1),
    "allied_exercise": ("analyst", {"desk"}, 1, 1),
}

# What the book has to ring for; a history without these facts is not this history.
MUST_HAVE = [
    ("pla_aircraft", "mnd", "2024-05-23T22:00:00Z", "2024-05-24T01:00:00Z", 49),
    ("plan_ships", "mnd", "2024-05-23T22:00:00Z", "2024-05-24T01:00:00Z", 19),
    ("pla_aircraft", "mnd", "2024-05-24T22:00:00Z", "2024-05-25T01:00:00Z", 62),
    ("plan_ships", "mnd", "2024-05-24T22:00:00Z", "2024-05-25T01:00:00Z", 27),
    ("dprk_severe", "jcs", "2024-05-27T13:44:00Z", "2024-05-27T14:04:00Z", 1),
    ("dprk_severe", "mod", "2024-05-27T13:44:00Z", "2024-05-27T14:09:00Z", 1),
]


def parse_time(text):
    """The instant of an RFC 3339 UTC time in the canonical form, or None."""
    if not isinstance(text, str) or not TIME.match(text) or text.endswith(".000Z"):
        return None
    try:
        form = "%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else "%Y-%m-%dT%H:%M:%SZ"
        return datetime.strptime(text, form).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def no_twins(pairs):
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"key '{key}' twice")
    return dict(pairs)


class Checker:
    """Reads lines in order and keeps what it found in `faults` as (line number, text)."""

    def __init__(self):
        self.faults = []
        self.reports = 0
        self.next_seq = {}
        self.last_order = None
        self.seen = {}
        self.daily = {}
        self.facts = set()

    def fault(self, number, text):
        self.faults.append((number, text))

    def line(self, number, raw):
        if not raw.endswith(b"\n"):
            return self.fault(number, "no line feed at the end")
        raw = raw[:-1]
        if len(raw) > MAX_LINE:
            self.fault(number, f"{len(raw)} bytes, more than {MAX_LINE}")
        try:
            text = raw.decode("utf-8")
            report = json.loads(text, object_pairs_hook=no_twins)
        except ValueError as error:
            return self.fault(number, f"not JSON: {error}")
        if not isinstance(report, dict):
            return self.fault(number, "not a JSON object")
        missing = [key for key in REQUIRED if key not in report]
        unknown = [key for key in report if key not in KEYS]
        if missing or unknown:
            return self.fault(number, f"missing keys {missing}, unknown keys {unknown}")
        words = ("feed", "indicator", "time", "received", "origin")
        if not all(isinstance(report[key], str) for key in words):
            return self.fault(number, f"one of {', '.join(words)} is not a text")
        if list(report) != [key for key in KEYS if key in report]:
            self.fault(number, "keys are not in the order of the format")
        if json.dumps(report, separators=(",", ":"), ensure_ascii=False) != text:
            self.fault(number, "not in canonical form (blanks, escapes or number spelling)")
        self.reports += 1
        self.vocabulary(number, report)
        self.optional(number, report)
        self.times(number, report)
        self.order(number, report)

    def vocabulary(self, number, report):
        words = VOCABULARY.get(report["indicator"])
        if words is None:
            return self.fault(number, f"unknown indicator {report['indicator']!r}")
        feed, origins, low, high = words
        if report["feed"] != feed:
            self.fault(number, f"{report['indicator']} does not come on feed {report['feed']!r}")
        if report["origin"] not in origins:
            self.fault(number, f"{report['indicator']} does not come from {report['origin']!r}")
        value = report["value"]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            self.fault(number, "value is not a finite number")
        elif not isinstance(value, int) or not low <= value <= high:
            self.fault(number, f"value {value} is not a whole number in {low}..{high}")
        grade = report["credibility"]
        if isinstance(grade, bool) or not isinstance(grade, int) or not 1 <= grade <= 6:
            self.fault(number, "credibility is not in 1..6")

    def optional(self, number, report):
        for key in ("actor", "target", "unit"):
            if key in report and not (isinstance(report[key], str) and NAME.match(report[key])):
                self.fault(number, f"{key} is not a name")
        tags = report.get("tag", ["none"])
        if not isinstance(tags, list) or not tags or not all(isinstance(t, str) and NAME.match(t) for t in tags):
            self.fault(number, "tag is not a list of names")
        for key, most in (("ref", MAX_REF), ("note", MAX_NOTE)):
            text = report.get(key, "x")
            if not isinstance(text, str) or not 0 < len(text.encode("utf-8")) <= most:
                self.fault(number, f"{key} is not a text of 1..{most} bytes")
        if "ref" not in report:
            self.fault(number, "no ref: every fact names its publisher")

    def times(self, number, report):
        time, received = parse_time(report["time"]), parse_time(report["received"])
        if time is None or received is None:
            return self.fault(number, "time or received is not RFC 3339 in UTC, seconds, .mmm only when not zero")
        if received < time:
            self.fault(number, "received before time")
        if not FIRST <= report["time"] < END or received - time > timedelta(days=1):
            self.fault(number, "outside the months of this file, or received more than a day after time")
        if report["feed"] == "mnd_daily":
            old = report["time"] < "2022-11-15T00:00:00Z"
            if report["time"][11:] != ("09:00:00Z" if old else "22:00:00Z"):
                self.fault(number, "a daily report ends at 17:00 (until 2022-11-13) or 06:00 of Taipei")
            day = self.daily.setdefault(report["time"], {})
            if type(report["value"]) is int:
                day[report["indicator"]] = report["value"]
            if day.get("median_crossings", 0) > day.get("pla_aircraft", math.inf):
                self.fault(number, "more aircraft crossed the line than were there")

    def order(self, number, report):
        feed, seq = report["feed"], report["seq"]
        expected = self.next_seq.get(feed, 1)
        if isinstance(seq, bool) or seq != expected:
            self.fault(number, f"seq {seq} of {feed}, expected {expected}")
        self.next_seq[feed] = (seq if isinstance(seq, int) else expected) + 1
        place = (report["received"], feed, seq if isinstance(seq, int) else 0)
        if self.last_order is not None and place <= self.last_order:
            self.fault(number, "lines are not in the order of received, feed, seq")
        self.last_order = place
        key = tuple(str(report.get(k)) for k in ("feed", "indicator", "time", "origin", "tag"))
        if key in self.seen:
            self.fault(number, f"the same fact as line {self.seen[key]}")
        self.seen[key] = number
        self.facts.add(tuple(str(report[k]) for k in ("indicator", "origin", "time", "received", "value")))

    def finish(self, lines):
        for fact in MUST_HAVE:
            if tuple(str(part) for part in fact) not in self.facts:
                self.fault(lines, f"missing fact: {' '.join(str(part) for part in fact)}")


def check(lines):
    checker = Checker()
    for number, raw in enumerate(lines, 1):
        checker.line(number, raw)
    checker.finish(len(lines))
    return checker


def edit(key, value):
    """A spoiler that sets one key of a report, in place."""

    def spoil(raw):
        report = json.loads(raw)
        report[key] = value(report) if callable(value) else value
        return json.dumps(report, separators=(",", ":")).encode() + b"\n"

    return spoil


def sub(old, new):
    def spoil(raw):
        assert old in raw, (old, raw)
        return raw.replace(old, new, 1)

    return spoil


SPOILERS = {
    "cut line": lambda raw: raw[: len(raw) // 2] + b"\n",
    "not an object": lambda raw: b"[1]\n",
    "heartbeat": lambda raw: b'{"feed":"launches","heartbeat":"2024-05-23T02:00:00Z"}\n',
    "blank line": lambda raw: b"\n",
    "not UTF-8": sub(b"Taiwan", b"Taiw\xff"),
    "key twice": sub(b'"seq":', b'"seq":1,"seq":'),
    "unknown key": sub(b'"seq":', b'"sequence":1,"seq":'),
    "missing origin": sub(b'"origin":"mnd",', b""),
    "keys out of order": sub(b'"origin":"mnd","credibility":2', b'"credibility":2,"origin":"mnd"'),
    "blank after comma": sub(b',"seq"', b', "seq"'),
    "seq gap": edit("seq", lambda r: r["seq"] + 1),
    "seq again": edit("seq", lambda r: r["seq"] - 1),
    "seq as text": edit("seq", lambda r: str(r["seq"])),
    "unknown indicator": edit("indicator", "pla_balloons"),
    "wrong feed": edit("feed", "launches"),
    "wrong origin": edit("origin", "jcs"),
    "origin a list": edit("origin", ["mnd"]),
    "value null": edit("value", None),
    "value NaN": edit("value", math.nan),
    "value negative": edit("value", -1),
    "value with a point": edit("value", 12.0),
    "value true": edit("value", True),
    "more crossings than aircraft": edit("value", 400),
    "credibility": edit("credibility", 0),
    "no such day": edit("time", "2024-02-30T22:00:00Z"),
    "local time": edit("time", lambda r: r["time"].replace("Z", "+08:00")),
    "zero milliseconds": edit("time", lambda r: r["time"].replace("Z", ".000Z")),
    "received first": edit("received", lambda r: r["time"].replace("T22", "T21")),
    "received long after": edit("received", lambda r: "2024-12-30T22:00:00Z"),
    "report hour": edit("time", lambda r: r["time"].replace("T22", "T21")),
    "long ref": edit("ref", "x" * 201),
    "long note": edit("note", "x" * 161),
    "tag not a list": lambda raw: raw.replace(b'"unit"', b'"tag":"air","unit"', 1),
    "actor not a name": edit("actor", "PRC"),
    "twice": lambda raw: raw + edit("seq", lambda r: r["seq"] + 1)(raw),
}


def self_check(lines):
    """Spoils the crossings line of 2024-05-24 (and, for order and content, its neighbours); returns what went unseen."""
    target = next(i for i, raw in enumerate(lines) if b'"median_crossings"' in raw and b'"2024-05-23T22:00' in raw)
    unseen = []
    for name, spoil in SPOILERS.items():
        spoiled = lines[:target] + spoil(lines[target]).splitlines(keepends=True) + lines[target + 1 :]
        at = target + (2 if name == "twice" else 1)
        if at not in [number for number, _ in check(spoiled).faults]:
            unseen.append(name)
    swapped = lines[:target] + [lines[target + 1], lines[target]] + lines[target + 2 :]
    if not check(swapped).faults:
        unseen.append("lines swapped")
    severe = [i for i, raw in enumerate(lines) if b'"dprk_severe"' in raw and b'"2024-05-27T13:44' in raw]
    for index in severe:
        other = sub(b'"dprk_severe"', b'"dprk_incident"')(lines[index])
        if not any("missing fact" in text for _, text in check(lines[:index] + [other] + lines[index + 1 :]).faults):
            unseen.append("severe launch gone")
    if not check(lines[:-1] + [lines[-1].rstrip(b"\n")]).faults:
        unseen.append("no line feed at the end")
    if not check([]).faults:
        unseen.append("empty file")
    if len(severe) != 2:
        unseen.append("two witnesses of 2024-05-27")
    return unseen


def main(arguments):
    wants_self_check = arguments[:1] == ["--self-check"]
    paths = arguments[1:] if wants_self_check else arguments
    if len(paths) != 1 or paths[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(paths[0], "rb") as file:
            lines = file.readlines()
    except OSError as error:
        print(f"{paths[0]}: {error.strerror}", file=sys.stderr)
        return 1
    checker = check(lines)
    for number, text in checker.faults:
        print(f"{paths[0]}:{number}: {text}", file=sys.stderr)
    if checker.faults:
        return 1
    if wants_self_check:
        unseen = self_check(lines)
        for name in unseen:
            print(f"self-check: a file spoiled by '{name}' was taken as good", file=sys.stderr)
        print(f"self-check: {len(SPOILERS) + 6 - len(unseen)} spoiled copies refused")
        return 1 if unseen else 0
    print(f"{paths[0]}: {checker.reports} reports, in order")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
