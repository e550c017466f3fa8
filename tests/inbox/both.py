"""Finds in the source every sentence that is written in German and in English, with its values as numbered places."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Pair = tuple[str, str]
SOURCES = ("connectors", "agents", "flows/steps.py", "flows/advance.py", "kontorist/einvoice/ahead.py")
BESIDE = {"_absent": 3, "_problem": 2, "Category": 2, "Problem": 1, "warn": 2, "Refusal": 0}
"""Functions that are given a sentence in both languages, and where the German one stands."""
AMOUNTS = {"_amount", "amount", "format_money", "format_amount", "shown", "shown_de", "_cents"}
DAYS = {"_day", "format_date"}


def written_in_both() -> Iterator[Pair]:
    """Every pair in the source whose values are the same in both; where a value itself is put in words, there is none."""
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*.py") if path.is_dir() else [path]):
            for german, english in expressions(ast.parse(file.read_text())):
                yield from paired(german, english)


def paired(german: ast.expr, english: ast.expr) -> Iterator[Pair]:
    """The two with their places, in the order of the German ones; an amount or a day says in English that it is one."""
    if isinstance(german, ast.IfExp) and isinstance(english, ast.IfExp):
        yield from paired(german.body, english.body)
        yield from paired(german.orelse, english.orelse)
        return
    values = [v for v in ast.walk(german) if isinstance(v, ast.FormattedValue)]
    values.sort(key=lambda v: (v.lineno, v.col_offset))
    names = {what: n for n, what in enumerate(dict.fromkeys(_what(v) for v in values), 1)}
    kinds = {_what(v): _kind(v) for v in values if _kind(v)}
    one, other = _filled(german, names, {}), _filled(english, names, kinds)
    if one and other and re.search("[a-z]{2}", one):
        yield one, other
    for words in zip(_words(german), _words(english), strict=False):
        if words[0] != words[1]:
            yield words


def _filled(node: ast.expr, names: Mapping[str, int], kinds: Mapping[str, str]) -> str:
    """The text of an expression with its places; empty where it is no text, or has a value that has no place."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            told = [p.value if isinstance(p, ast.Constant) else _place(p, names, kinds) for p in parts]  # type: ignore[arg-type]
            return "" if None in told else "".join(map(str, told))
    return ""


def _place(value: ast.FormattedValue, names: Mapping[str, int], kinds: Mapping[str, str]) -> str | None:
    what = _what(value)
    kind = kinds.get(what)
    return f"{{{names[what]}{f':{kind}' if kind else ''}}}" if what in names else None


def _what(value: ast.FormattedValue) -> str:
    """What is put in, whatever the way it is written in this language, and the words where it is not known."""
    node: ast.expr = value.value
    while isinstance(node, ast.Call) and name_of(node.func) in AMOUNTS | DAYS:
        node = node.args[0]
    said = ast.unparse(node.values[0] if isinstance(node, ast.BoolOp) and isinstance(node.values[-1], ast.Constant) else node)
    return re.sub(r"\benglish\b", "german", said)


def _kind(value: ast.FormattedValue) -> str:
    way, spec = (
        name_of(value.value.func) if isinstance(value.value, ast.Call) else "",
        ast.unparse(value.format_spec or ast.Constant("")),
    )
    return "amount" if way in AMOUNTS or ".2f" in spec else "day" if way in DAYS or "%d.%m.%Y" in spec else ""


def _words(node: ast.expr) -> Sequence[str]:
    """What stands there instead of a value that is not known."""
    values = (v.value for v in ast.walk(node) if isinstance(v, ast.FormattedValue))
    return [str(v.values[-1].value) for v in values if isinstance(v, ast.BoolOp) and isinstance(v.values[-1], ast.Constant)]


def expressions(tree: ast.Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The German and the English expression, wherever the two stand beside each other."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=func, args=args) if (at := BESIDE.get(name_of(func), 99)) + 1 < len(args):
                yield args[at], args[at + 1]
            case ast.IfExp(test=test, body=german, orelse=english) if _asks_for_german(test):
                yield german, english
            case ast.If(test=test, body=[*_, ast.Return(value=ast.expr() as german)]) if _asks_for_german(test):
                if english := _behind(tree, node):
                    yield german, english
            case ast.FunctionDef(body=body):
                yield from _named(body)


def _asks_for_german(test: ast.expr) -> bool:
    return bool(re.fullmatch(r"german|(\w+\.)?language\.startswith\('de'\)|(\w+\.)?language == 'de'", ast.unparse(test)))


def _behind(tree: ast.Module, node: ast.If) -> ast.expr | None:
    """What is returned where the office is not German: the statement behind the condition."""
    for parent in ast.walk(tree):
        body = getattr(parent, "body", None)
        if isinstance(body, list) and node in body:
            following = body[body.index(node) + 1 :]
            return next((one.value for one in following if isinstance(one, ast.Return)), None)
    return None


def _named(body: Sequence[ast.stmt]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """`german = …` and `english = …`, one behind the other or at once."""
    told: dict[str, ast.expr] = {}
    for node in ast.walk(ast.Module([*body], [])):
        match node:
            case ast.Assign(targets=[ast.Name(id="german" | "english" as name)], value=value):
                told.setdefault(name, value)
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                both = {name_of(n): v for n, v in zip(names, values, strict=False)}
                if {"german", "english"} <= both.keys():
                    yield both["german"], both["english"]
    if len(told) == 2:
        yield told["german"], told["english"]


def name_of(node: ast.expr) -> str:
    """What a function or variable is called, wherever it comes from."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
