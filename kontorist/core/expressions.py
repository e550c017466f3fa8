"""The one expression language: Jinja, sandboxed, over the values of a case.

Only text from the admin's YAML is ever compiled here. Values of a case are data: they are looked up by key, never
called, never rendered again. A template that is one single `{{ expression }}` keeps the value's type.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from kontorist.core.errors import ConfigurationError, KontoristError
from kontorist.core.filters import FILTERS


class ExpressionError(KontoristError):
    """An expression of a flow could not be evaluated for this case."""


class _Lacking(jinja2.UndefinedError):
    """A value does not have what was asked of it."""

    def __init__(self, of: Any, name: Any, message: str | None) -> None:
        super().__init__(message)
        self.of, self.name = of, name


class _Missing(jinja2.StrictUndefined):
    """A name that is not there: an error when used, false in `is defined`."""

    __slots__ = ()

    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = jinja2.UndefinedError
    ) -> None:
        known: Any = functools.partial(_Lacking, obj, name) if exc is jinja2.UndefinedError else exc
        super().__init__(hint, obj, name, known)


def lacking(error: BaseException | None) -> tuple[Mapping[str, Any], str] | None:
    """The value, and the name it does not have, where that is behind an error; None where it is something else."""
    while error is not None:
        if isinstance(error, _Lacking):
            return (error.of, str(error.name)) if isinstance(error.of, Mapping) else None
        error = error.__cause__
    return None


class _Environment(ImmutableSandboxedEnvironment):
    """Looks values up by key first (`order.items` is the column, not dict.items) and lets nothing be called but methods of text."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Multiply, raise to a power and divide, but nothing that would fill the machine."""
        if operator == "**" and not (_small(left, 10**6) and _small(right, 100)):
            raise ExpressionError("numbers this large are not raised to a power")
        if operator == "*" and not (_number(left) and _number(right)) and not (_small(left, 1000) or _small(right, 1000)):
            raise ExpressionError("nothing is repeated more than 1000 times")
        if operator == "*":
            _not_too_long(_length(left) * right if _number(right) else _length(right) * left if _number(left) else 0)
        if operator == "%" and not _number(left):
            raise ExpressionError("text is not filled in with %: write the value in the text, as {{ name }}")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method of text, but no replacement that would fill the machine."""
        if getattr(obj, "__name__", "") == "replace" and isinstance(getattr(obj, "__self__", None), str):
            _may_replace(obj.__self__, *args)
        return super().call(context, obj, *args, **kwargs)

    def make_globals(self, d: Any) -> dict[str, Any]:
        """A plain mapping: templates here know no names but those of their case, and Jinja's layered one is copied at each rendering."""
        return {**self.globals, **(d or {})}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        return super().getitem(obj, argument)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if callable(value):
            return isinstance(obj, str) and attr in _TEXT_METHODS
        return super().is_safe_attribute(obj, attr, value)

    def is_safe_callable(self, obj: Any) -> bool:
        return isinstance(getattr(obj, "__self__", None), str)


def _number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal)


def _small(value: Any, most: int) -> bool:
    return _number(value) and abs(value) <= most


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple) else 0


def _not_too_long(length: Any) -> None:
    if length > _LONGEST:
        raise ExpressionError(f"no expression makes more than {_LONGEST:,} characters or values out of fewer")


def _may_replace(text: Any, old: Any = "", new: Any = "", *_: Any) -> None:
    """Raises ExpressionError where what comes out would be too long; what is no text is complained about elsewhere."""
    if isinstance(text, str) and isinstance(old, str) and isinstance(new, str) and len(new) > len(old):
        _not_too_long(len(text) + text.count(old) * (len(new) - len(old)))


@jinja2.pass_eval_context
def _replace(eval_ctx: Any, text: Any, old: Any, new: Any, count: int | None = None) -> str:
    """Jinja's filter, within the bound of the method."""
    _may_replace(str(text), str(old), str(new))
    return jinja2.filters.do_replace(eval_ctx, text, old, new, count)


_LONGEST = 1_000_000
"""What one multiplication or replacement may make; the longest letter is a hundredth of it."""
_BIG = {"center", "format", "indent", "wordwrap"}
"""Filters that make gigabytes out of one number."""
_TEXT_METHODS = {"lower", "upper", "strip", "startswith", "endswith", "split", "title", "replace"}


def _nothing_is_empty(value: Any) -> Any:
    """What has no value leaves its place in a text empty; Jinja would write None into a letter."""
    return "" if value is None else value


_EMPTY: ContextVar[dict[str, None] | None] = ContextVar("empty", default=None)


def _note(value: Any, name: str) -> Any:
    noted = _EMPTY.get()
    if noted is not None and (value is None or (isinstance(value, str) and not value.strip())):
        noted[name] = None
    return value


def _environment() -> _Environment:
    env = _Environment(undefined=_Missing, autoescape=False, keep_trailing_newline=False, finalize=_nothing_is_empty)
    env.globals.clear()
    env.filters = {
        k: v for k, v in env.filters.items() if k not in {"attr", "pprint", "xmlattr", "map", "tojson", "urlize"} | _BIG
    } | FILTERS
    env.filters["map"] = jinja2.filters.FILTERS["map"]
    env.filters["_noted"] = _note
    env.filters["replace"] = _replace
    return env


_ENV = _environment()


@functools.cache
def compile_template(text: str) -> Callable[[Mapping[str, Any]], Any]:
    """A function from values to the rendered text, or to the value itself when the text is one `{{ expression }}`.

    Raises jinja2.TemplateSyntaxError, whose `lineno` counts within the text.
    """
    tree = _ENV.parse(text)
    single = _single_expression(tree, text)
    if single is not None:
        return compile_expression(single)
    template = _ENV.from_string(text)
    return template.render


def _single_expression(tree: nodes.Template, text: str) -> str | None:
    stripped = text.strip()
    if not (stripped.startswith("{{") and stripped.endswith("}}")):
        return None
    return stripped[2:-2].strip("-+ \n") if _only_node(tree) is not None else None


def _only_node(tree: nodes.Template) -> nodes.Expr | None:
    """The one expression that a template is; None where it has text, blocks or more of them."""
    outputs = [n for n in tree.body if not (isinstance(n, nodes.Output) and all(_blank(x) for x in n.nodes))]
    if len(outputs) != 1 or not isinstance(outputs[0], nodes.Output):
        return None
    parts = [x for x in outputs[0].nodes if not _blank(x)]
    return parts[0] if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData) else None


def _blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.TemplateData) and not node.data.strip()


@functools.cache
def compile_expression(text: str) -> Callable[[Mapping[str, Any]], Any]:
    """A function from values to the value of a Jinja expression such as `topic.label == "invoice"`."""
    compiled = _ENV.compile_expression(text, undefined_to_none=False)
    path = _path_of(text)
    return functools.partial(_follow, path) if path else compiled


def _path_of(text: str) -> tuple[str, ...]:
    """`order`, `shipped_on` for `order.shipped_on`; nothing for an expression that is more than that."""
    node = _only_node(_ENV.parse("{{ " + text + " }}"))
    path = _dotted(node) if node is not None else ()
    return () if path[:1] == ("self",) else path


def _follow(path: tuple[str, ...], values: Mapping[str, Any]) -> Any:
    """What stands there, as Jinja would find it: most expressions are no more than that, and it takes a tenth of the time."""
    name, *inner = path
    found = values[name] if name in values else _ENV.undefined(name=name)
    for attribute in inner:
        found = _ENV.getattr(found, attribute)
    return found


def render(text: str, values: Mapping[str, Any]) -> str:
    """The text of a template for a case's values. Raises ExpressionError, naming what is missing."""
    return _as_text(evaluate(text, values))


def render_noting(text: str, values: Mapping[str, Any]) -> tuple[str, Sequence[str]]:
    """The same, and which values were empty where they were to stand in the text, as `order.shipped_on`."""
    noted: dict[str, None] = {}
    noting = _EMPTY.set(noted)
    try:
        return _as_text(_guarded(_compile_noting(text), text, values)), list(noted)
    finally:
        _EMPTY.reset(noting)


_MAY_BE_EMPTY = {"default", "d", "join", "first", "last"}
"""Filters of somebody who has thought of nothing being there."""


@functools.cache
def _compile_noting(text: str) -> Callable[[Mapping[str, Any]], Any]:
    tree = _ENV.parse(text)
    for output in tree.find_all(nodes.Output):
        output.nodes = [_noted(node) for node in output.nodes]
    return jinja2.Template.from_code(_ENV, _ENV.compile(tree), _ENV.make_globals(None)).render


def _noted(node: nodes.Expr) -> nodes.Expr:
    read: nodes.Node | None = node
    while isinstance(read, nodes.Filter):
        read = None if read.name in _MAY_BE_EMPTY else read.node
    path = _dotted(read) if read is not None else ()
    if not path:
        return node
    return nodes.Filter(node, "_noted", [nodes.Const(".".join(path))], [], None, None, lineno=node.lineno, environment=_ENV)


def evaluate(text: str, values: Mapping[str, Any]) -> Any:
    """The value of a template: typed if it is one `{{ expression }}`, else text. Raises ExpressionError."""
    return _guarded(compile_template(text), text, values)


def test(text: str, values: Mapping[str, Any]) -> bool:
    """Whether a `when:` expression holds. Raises ExpressionError."""
    return bool(_guarded(compile_expression(text), text, values))


def value(text: str, values: Mapping[str, Any]) -> Any:
    """The value of a bare expression such as the list of an `each:`. Raises ExpressionError."""
    return _guarded(compile_expression(text), text, values)


def _guarded(function: Callable[[Mapping[str, Any]], Any], text: str, values: Mapping[str, Any]) -> Any:
    try:
        result = function(values)
        if isinstance(result, jinja2.Undefined):
            result._fail_with_undefined_error()
        if isinstance(result, Iterator):  # what `map`, `select` and `batch` give, and what can be read only once
            result = list(result)
        if (
            type(result) is list
            and (lost := next((one for one in result if isinstance(one, jinja2.Undefined)), None)) is not None
        ):
            lost._fail_with_undefined_error()
    except jinja2.UndefinedError as error:
        raise ExpressionError(f"{error.message} in: {_short(text)}") from error
    except (jinja2.TemplateError, ValueError, TypeError, ArithmeticError, OverflowError, NameError) as error:
        raise ExpressionError(f"{error} in: {_short(text)}") from error
    if callable(result):
        raise ExpressionError(f"that is a function, not a value, in: {_short(text)}")
    return result


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 120 else line[:117] + "…"


def _as_text(result: Any) -> str:
    return "" if result is None else str(result)


def evaluate_deep(shape: Any, values: Mapping[str, Any]) -> Any:
    """`evaluate` for every text in nested lists and mappings as they stand in YAML."""
    if isinstance(shape, str):
        return evaluate(shape, values) if "{" in shape else shape
    if isinstance(shape, Mapping):
        return {k: evaluate_deep(v, values) for k, v in shape.items()}
    if isinstance(shape, list):
        return [evaluate_deep(v, values) for v in shape]
    return shape


@functools.cache
def roots(text: str, *, expression: bool = False) -> frozenset[str]:
    """The names that a template (or a bare expression) reads, for origins and for `check`."""
    source = "{{ " + text + " }}" if expression else text
    return frozenset(meta.find_undeclared_variables(_ENV.parse(source)))


@functools.cache
def uses(text: str, *, expression: bool = False) -> frozenset[tuple[tuple[str, ...], int]]:
    """What a template reads, as (`order`, `shipped_on`) with the line within the text, but for what is tested with `is defined`."""
    source = "{{ " + text + " }}" if expression else text
    tree = _ENV.parse(source)
    tested = {id(t.node) for t in tree.find_all(nodes.Test) if t.name in ("defined", "undefined")}
    found = ((_dotted(n), n) for n in tree.find_all((nodes.Getattr, nodes.Name)) if id(n) not in tested)
    return frozenset((path, n.lineno) for path, n in found if path)


@functools.cache
def compared(text: str, *, expression: bool = False) -> Sequence[tuple[tuple[str, ...], str, int]]:
    """Texts that a template sets beside what it reads, as `topic.label == "invoice"` or `topic.label in ["invoice"]`, with their line."""
    tree = _ENV.parse("{{ " + text + " }}" if expression else text)
    return [one for node in tree.find_all(nodes.Compare) for operand in node.ops for one in _beside(node.expr, operand)]


def _beside(left: nodes.Node, operand: nodes.Operand) -> Iterator[tuple[tuple[str, ...], str, int]]:
    right: nodes.Node = operand.expr
    listed = right.items if operand.op in ("in", "notin") and isinstance(right, nodes.List | nodes.Tuple) else []
    pairs: list[tuple[nodes.Node, nodes.Node]] = [(left, one) for one in listed]
    if operand.op in ("eq", "ne"):
        pairs = [(left, right), (right, left)]
    for read, said in pairs:
        if isinstance(said, nodes.Const) and isinstance(said.value, str) and (path := _dotted(read)):
            yield path, said.value, said.lineno


def _dotted(node: nodes.Node) -> tuple[str, ...]:
    if isinstance(node, nodes.Name):
        return (node.name,) if node.ctx == "load" else ()
    if isinstance(node, nodes.Getattr) and (before := _dotted(node.node)):
        return (*before, node.attr)
    return ()


def unclosed_block(text: str) -> int | None:
    """The line of a block such as `{% if %}` that has no end; best guess where several are possible."""
    open_at: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        tags = re.findall(r"\{%-?\s*(end)?(if|for)\b", line)
        balance = sum(-1 if end else 1 for end, _ in tags)
        if balance > 0 and not line.lstrip().startswith("{%"):
            return number  # begun within a line of text and not ended there
        open_at += [number] * balance
        del open_at[len(open_at) + min(balance, 0) :]
    return open_at[-1] if open_at else None


def roots_deep(shape: Any) -> frozenset[str]:
    """`roots` of every text in nested lists and mappings."""
    if isinstance(shape, str):
        return roots(shape)
    parts = shape.values() if isinstance(shape, Mapping) else shape if isinstance(shape, list) else ()
    return frozenset().union(*(roots_deep(v) for v in parts))


def syntax_problem(text: str, *, expression: bool = False) -> tuple[int, str] | None:
    """The first syntax error as (line within the text, message), or None."""
    try:
        compile_expression(text) if expression else compile_template(text)
    except jinja2.TemplateSyntaxError as error:
        message = error.message or "not a valid expression"
        line = unclosed_block(text) if "Unexpected end of template" in message else None
        return line or error.lineno, message
    except (jinja2.TemplateError, ConfigurationError) as error:
        return 1, str(error)
    return None
