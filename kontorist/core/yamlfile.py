"""YAML files with the place of every key and value, and secrets filled in from the environment.

Only true, false, numbers and null are anything but text (YAML 1.2), so `no` stays text and `12:30` is no number.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kontorist.core.problems import Problem

Place = tuple[int, int]
Loc = tuple[str | int, ...]
_SECRET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


_DEEPEST, _MOST = 50, 50_000
_ENDLESS = "repeats itself without end, or is nested too deeply: look for anchors (&) and aliases (*)"


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own name


for tag, pattern, first in (
    ("tag:yaml.org,2002:bool", r"^(?:true|false)$", "tf"),
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"^[-+]?[0-9]+\.[0-9]+$", "-+0123456789"),
    ("tag:yaml.org,2002:null", r"^(?:null|~|)$", ["n", "~", ""]),
):
    _Loader.add_implicit_resolver(tag, re.compile(pattern), list(first))


@dataclass
class YamlFile:
    """A parsed file: plain data, the place of everything in it, and what was wrong so far."""

    path: str
    data: Any = None
    keys: dict[Loc, Place] = field(default_factory=dict)
    values: dict[Loc, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    blocks: set[Loc] = field(default_factory=set)
    """Texts behind `|` or `>`: they begin on the line below."""
    lines: list[str] = field(default_factory=list, repr=False)

    def place(self, loc: Loc, *, key: bool = False) -> Place:
        """The place of a key or value, or of the nearest thing around it that is there."""
        while loc:
            for table in (self.keys, self.values) if key else (self.values, self.keys):
                if loc in table:
                    return table[loc]
            loc = loc[:-1]
        return (1, 1)

    def add(
        self, loc: Loc, message: str, *, key: bool = False, severity: str = "error", line_offset: int = 0, word: str = ""
    ) -> None:
        """Note a problem at a key or value, or at a word within it."""
        line, column = self.place(loc, key=key)
        at = line + line_offset + (loc in self.blocks and not key)
        self.problems.append(
            Problem(self.path, at, self._column(at, word, column if at == line else 1) or column, message, severity)
        )

    def _column(self, line: int, word: str, first: int) -> int:
        """Where a word stands in a line, from a column on; 0 where it does not."""
        text = self.lines[line - 1] if word and 0 < line <= len(self.lines) else ""
        found = re.compile(rf"(?<![\w.]){re.escape(word)}(?!\w)").search(text, first - 1)
        return found.start() + 1 if text and found else 0


def read_yaml(path: Path, shown_as: str) -> YamlFile:
    """Read a file; syntax errors, duplicate keys and unreadable files become problems in the result."""
    result = YamlFile(shown_as)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        result.problems.append(Problem(shown_as, 1, 1, f"cannot be read: {error.strerror}"))
        return result
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        result.problems.append(Problem(shown_as, line, 1, "is not UTF-8; save the file with the encoding UTF-8"))
        return result
    return parse_yaml(text, result)


def parse_yaml(text: str, result: YamlFile) -> YamlFile:
    """Parse text into a file's data and places; syntax errors become problems in it."""
    shown_as, result.lines = result.path, text.splitlines()
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        result.problems.append(_syntax_problem(error, result))
        return result
    except yaml.YAMLError as error:
        result.problems.append(Problem(shown_as, 1, 1, f"is not valid YAML: {error}"))
        return result
    result.data = _build(node, (), result) if node is not None else None
    return result


_QUOTED = re.compile(r"'(?:[^']|'')*'|#.*$")


def _syntax_problem(error: yaml.MarkedYAMLError, file: YamlFile) -> Problem:
    """Where a person has to look: a quotation mark that stays open is noticed by YAML only many lines later."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if "\t" in (file.lines[line - 1 : line] or [""])[0][: column + 1]:
        return Problem(file.path, line, column, "is not valid YAML: a tab stands here; indent with spaces only")
    for number, text in enumerate(file.lines[:line], 1):
        if _QUOTED.sub("", text).replace('\\"', "").count('"') % 2:
            message = "is not valid YAML: a quotation mark is opened on this line and not closed"
            return Problem(file.path, number, text.index('"') + 1, message)
    return Problem(file.path, line, column, f"is not valid YAML: {error.problem or error.context}")


def _build(node: yaml.Node, loc: Loc, out: YamlFile) -> Any:
    if len(loc) > _DEEPEST or len(out.values) > _MOST:
        if not any(p.message == _ENDLESS for p in out.problems):
            out.add((), _ENDLESS)
        return None
    out.values[loc] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        out.blocks.add(loc)
    if not isinstance(node, yaml.ScalarNode) and node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
        out.add(loc, f"cannot be read: '{node.tag}' means nothing here")
        return None
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node, loc, out))
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*loc, i), out) for i, child in enumerate(node.value)]
    return _scalar(node, loc, out)


def _pairs(node: yaml.MappingNode, loc: Loc, out: YamlFile) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key_node, value_node in node.value:
        key = str(key_node.value)
        out.keys[(*loc, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if key in seen:
            out.add((*loc, key), f"the key '{key}' stands here twice", key=True)
            continue
        seen.add(key)
        yield key, _build(value_node, (*loc, key), out)


def _scalar(node: yaml.Node, loc: Loc, out: YamlFile) -> Any:
    try:
        return _Loader("").construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError) as error:
        out.add(loc, f"cannot be read: {getattr(error, 'problem', error)}")
        return None


def fill_secrets(data: Any, out: YamlFile, loc: Loc = (), environment: Mapping[str, str] | None = None) -> Any:
    """The data with `${NAME}` replaced from the environment; a missing one becomes a problem that says where we looked."""
    env = os.environ if environment is None else environment
    if isinstance(data, dict):
        return {k: fill_secrets(v, out, (*loc, k), env) for k, v in data.items()}
    if isinstance(data, list):
        return [fill_secrets(v, out, (*loc, i), env) for i, v in enumerate(data)]
    if not isinstance(data, str):
        return data
    for name in _SECRET.findall(data):
        if name not in env:
            out.add(
                loc,
                f"the secret ${{{name}}} is not set; set the environment variable {name} or write it into the file .env of the office",
            )
    return _SECRET.sub(lambda m: env.get(m.group(1), ""), data)
