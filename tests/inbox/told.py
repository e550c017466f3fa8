"""Finds in the source every English sentence that may be stored or raised and then shown on a page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    "connectors",
    "agents",
    "flows",
    "kontorist/store",
    "kontorist/inbox",
    "kontorist/core/check.py",
    "kontorist/core/check_settings.py",
    "kontorist/core/office.py",
    "kontorist/core/permit.py",
    "kontorist/core/problems.py",
    "kontorist/core/yamlfile.py",
)
ERRORS = {
    "Rejected", "Unavailable", "Uncertain", "NotApproved", "AccessDenied", "NotFound", "NotReadable", "NotAllowed", "Stale", "Away",
    "LeaseLost", "Refusal", "KontoristError", "ConfigurationError",
}  # fmt: skip
CARRIERS = {
    "_expect", "_translated", "_Torn", "Record", "void", "_void", "void_threads", "refused", "postpone", "uncertain", "add",
}  # fmt: skip
"""Functions that keep a reason, or make such an error of a piece of a sentence that they are given."""
KEPT = {"problems", "_problems", "trouble", "why", "missing", "found", "told", "sentence", "text", "reason"}
"""Names under which a reason is kept until it is stored."""
MANY = r"(Iterator|Iterable|list|Sequence)\[str\]"
Pieces = list[str | None]


def written(node: ast.expr | None, named: Mapping[str, ast.expr] | None = None) -> list[Pieces]:
    """The texts that an expression may give, values as None; what is no text written down gives none."""
    match node:
        case ast.Name(id=name) if named and name in named:
            return written(named[name])
        case ast.List(elts=inside):
            return [said for one in inside for said in written(one, named)]
        case ast.ListComp(elt=inner) | ast.GeneratorExp(elt=inner):
            return written(inner, named)
        case ast.Constant(value=str(text)):
            return [[text]]
        case ast.JoinedStr(values=values):
            return [[v.value if isinstance(v, ast.Constant) else None for v in values]]  # type: ignore[misc]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [a + b for a, b in product(written(left, named), written(right, named))]
        case ast.IfExp(body=body, orelse=orelse):
            return written(body, named) + written(orelse, named)
        case ast.Call(func=ast.Name(id="N_"), args=[inner]):
            return written(inner, named)
    return []


def texts_in(tree: ast.Module) -> Iterator[tuple[int, Pieces]]:
    """Line and text of each sentence that a module raises, keeps, yields or returns as a problem."""
    named = {_name(n.targets[0]): n.value for n in tree.body if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant)}
    for node in ast.walk(tree):
        for expression in _carrying(node):
            for said in written(expression, named):
                yield node.lineno, said  # type: ignore[attr-defined]


def _carrying(node: ast.AST) -> Iterator[ast.expr | None]:
    match node:
        case ast.Call(func=ast.Name(id="Refusal"), args=args):
            yield from args[-1:]  # the first is the German one
        case ast.Call(func=ast.Name(id="Problem"), args=args):
            yield from args[3:4]  # behind its place in a file
        case ast.Call(func=ast.Name(id=name), args=args) if name in ERRORS | CARRIERS:
            yield from args
        case ast.Call(func=ast.Attribute(attr=name, value=of), args=args) if name in CARRIERS or (
            name == "append" and _name(of) in KEPT
        ):
            yield from args
        case ast.Assign(targets=[target], value=value) if _name(target) in KEPT:
            yield value
        case ast.FunctionDef(returns=returns, args=args) if returns and "language" not in {a.arg for a in args.args}:
            kind = ast.unparse(returns)
            for inner in ast.walk(node):
                if isinstance(inner, ast.Yield | ast.YieldFrom | ast.Return) and re.fullmatch(MANY, kind):
                    yield inner.value
                if isinstance(inner, ast.Return) and kind == "str" and any(_is_sentence(said) for said in written(inner.value)):
                    yield inner.value


def _is_sentence(said: Pieces) -> bool:
    return (said[-1] or "").endswith((".", "?")) or (said[-1] or "").startswith(", did you mean")


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _name(value)
    return ""


def numbered(pieces: Pieces) -> str:
    """As the catalogue writes it: the values are {1}, {2} …"""
    out, number = "", 0
    for piece in pieces:
        number += piece is None
        out += f"{{{number}}}" if piece is None else piece
    return out


def told() -> dict[str, str]:
    """Every such sentence, with where it first stands."""
    found: dict[str, str] = {}
    for source in SOURCES:
        place = ROOT / source
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            for line, pieces in texts_in(ast.parse(file.read_text("utf-8"))):
                text = numbered(pieces)
                if len(re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\d+\}", "", text))) > 1:
                    found.setdefault(text, f"{file.relative_to(ROOT)}:{line}")
    return found
