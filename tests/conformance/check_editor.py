#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The grammars in editor/ compile, know every word of the language, and colour a book as it is meant.

check_editor.py SOURCE_FOLDER. It reads a book the way editors do: at each place the first rule that matches soonest.
Exit status: 0 so it is, 1 it is not.
"""
import json
import pathlib
import re
import sys

# What stands in a book, and the scope it must have.
SAMPLE = [
    ("# a comment { when", [("# a comment { when", "comment")]),
    ('watchbook "A \\"title\\" # here" version 2', [
        ("watchbook", "keyword.declaration"), ('A ', "string"), ('\\"', "constant.character.escape"),
        (" # here", "string"), ("version", "keyword.declaration"), ("2", "constant.numeric")]),
    ('theater strait "Taiwan Strait" { step_down 14d  blind after 2 }', [
        ("theater", "keyword.declaration"), ("strait", "entity.name"), ("step_down", "keyword.control.clause"),
        ("14d", "constant.numeric.duration"), ("blind", "keyword.control.clause"), ("after", "keyword.control.clause")]),
    ("indicator ships { theater strait  kind last  keep 8 }", [
        ("indicator", "keyword.declaration"), ("ships", "entity.name"), ("theater", "keyword"), ("strait", "variable"),
        ("kind", "keyword.control.clause"), ("last", "constant.language.value")]),
    ("condition odd = last(ships[value >= 20, grade >= B2]) >= 1.5 * quantile(ships, 0.95, 90d ending 1d ago)", [
        ("odd", "entity.name"), ("last", "support.function"), ("value", "variable.parameter"),
        (">=", "keyword.operator"), ("grade", "variable.parameter"), ("B2", "constant.language.grade"),
        ("1.5", "constant.numeric"), ("quantile", "support.function"), ("ending", "keyword.operator.word"),
        ("ago", "keyword.operator.word")]),
    ("when odd in last 1d12h unless not overdue(daily)", [
        ("when", "keyword.control.clause"), ("odd", "variable"), ("in", "keyword.operator.word"),
        ("last", "keyword.operator.word"), ("1d12h", "constant.numeric.duration"), ("unless", "keyword.operator.word"),
        ("not", "keyword.operator.word"), ("overdue", "support.function")]),
    ("level high  needs 2 origins of ships within 3d else watch  marking clear", [
        ("level", "keyword.control.clause"), ("high", "constant.language.level"), ("needs", "keyword.control.clause"),
        ("origins", "keyword.control.clause"), ("of", "keyword.operator.word"), ("else", "keyword.control.clause"),
        ("watch", "constant.language.level"), ("marking", "keyword.control.clause"),
        ("clear", "constant.language.value")]),
    ("at 2024-05-23T01:00:00.5Z daily reports ships -3  expect alarm raised at 2024-05-23T01:00Z", [
        ("at", "keyword.control.test"), ("2024-05-23T01:00:00.5Z", "constant.other.timestamp"), ("daily", "variable"),
        ("reports", "keyword.control.test"), ("-3", "constant.numeric"), ("expect", "keyword.control.test"),
        ("raised", "constant.language.event"), ("2024-05-23T01:00Z", "constant.other.timestamp")]),
]


class Grammar:
    def __init__(self, text):
        self.root = json.loads(text)
        self.compiled = {}
        self.compile_all(self.root)

    def compile_all(self, node):
        """Every regular expression of the grammar, used or not: a bad one raises re.error."""
        if isinstance(node, dict):
            for key in ("match", "begin", "end"):
                if isinstance(node.get(key), str):
                    self.compiled[node[key]] = re.compile(node[key])
            for value in node.values():
                self.compile_all(value)
        elif isinstance(node, list):
            for value in node:
                self.compile_all(value)

    def rules(self, patterns):
        for pattern in patterns:
            if "include" in pattern:
                yield from self.rules([self.root["repository"][pattern["include"].removeprefix("#")]])
            else:
                yield pattern

    def scopes(self, line):
        """Pieces of the line, each with its innermost scope."""
        out, at, inside = [], 0, None
        while at < len(line):
            patterns = inside.get("patterns", []) if inside else self.root["patterns"]
            found = []
            if inside and (end := self.compiled[inside["end"]].search(line, at)):
                found.append((end.start(), -1, end, None))
            for order, rule in enumerate(self.rules(patterns)):
                if match := self.compiled[rule.get("match") or rule["begin"]].search(line, at):
                    found.append((match.start(), order, match, rule))
            outer = (inside or {}).get("name", "")
            if not found:
                out.append((line[at:], outer))
                break
            start, _, match, rule = min(found, key=lambda one: one[:2])
            if start > at:
                out.append((line[at:start], outer))
            at = match.end()
            if rule is None:
                out.append((match.group(), outer))
                inside = None
            elif "begin" in rule:
                out.append((match.group(), rule.get("name", "")))
                inside = rule
            elif "captures" in rule:
                out += [(match.group(int(group)), scope["name"]) for group, scope in rule["captures"].items()]
            else:
                out.append((match.group(), rule["name"]))
        return out


def reserved(source):
    text = (source / "host-tools/compiler/src/words.cpp").read_text(encoding="utf-8")
    table = re.search(r"kReserved = .*?\{(.*?)\}\)", text, re.DOTALL)
    return re.findall(r'"(\w+)"', table.group(1)) if table else []


def main():
    source = pathlib.Path(sys.argv[1])
    editor = source / "editor"
    problems = []
    words = reserved(source)
    if len(words) < 70:
        problems.append(f"words.cpp: only {len(words)} words found: this script no longer reads it")
    grammar = Grammar((editor / "watch.tmLanguage.json").read_text(encoding="utf-8"))
    for word in words:
        # Functions are known by the parenthesis after them.
        known = [scope for line in (f" {word} ", f" {word}(") for piece, scope in grammar.scopes(line) if piece == word]
        if not any(scope.startswith(("keyword.", "support.function.")) for scope in known):
            problems.append(f"watch.tmLanguage.json does not know `{word}`: {known}")
    for line, expected in SAMPLE:
        pieces = grammar.scopes(line)
        for piece, scope in expected:
            if not any(text == piece and got.startswith(scope) for text, got in pieces):
                problems.append(f"watch.tmLanguage.json: `{piece}` should be {scope} in `{line}`: {pieces}")
    book = source / "watchbooks/taiwan-korea/book.watch"
    for number, line in enumerate(book.read_text(encoding="utf-8").split("\n"), 1):
        left = [piece for piece, scope in grammar.scopes(line) if not scope and re.search(r"[^\s{}(),.:\[\]]", piece)]
        if left or "invalid" in str(grammar.scopes(line)):
            problems.append(f"watch.tmLanguage.json leaves out {left} in line {number} of the shipped book: {line}")
    vim = (editor / "watch.vim").read_text(encoding="utf-8")
    listed = set(re.findall(r"\w+", " ".join(re.findall(r"^syntax (?:keyword|match) \w+ (.*)$", vim, re.MULTILINE))))
    problems += [f"watch.vim does not know `{word}`" for word in words if word not in listed]
    for name in ("package.json", "language-configuration.json"):
        json.loads((editor / name).read_text(encoding="utf-8"))
    package = json.loads((editor / "package.json").read_text(encoding="utf-8"))
    for path in (package["contributes"]["languages"][0]["configuration"], package["contributes"]["grammars"][0]["path"]):
        if not (editor / path).is_file():
            problems.append(f"package.json names {path}, which is not there")
    print("\n".join(problems + [f"{len(words)} words, {len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
