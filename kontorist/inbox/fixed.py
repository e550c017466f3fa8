"""Templates whose fixed messages are translated once, when a template is read, instead of hundreds of times a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup


class Translated(Environment):
    """An environment for one language; `_("…")` with nothing to fill in becomes the words themselves."""

    gettext: Callable[[str], str]

    def _generate(self, source: nodes.Template, *how: Any, **more: Any) -> str:  # the place that Jinja means to be changed
        return super()._generate(_Messages(self.gettext).visit(source), *how, **more)


class _Messages(NodeTransformer):
    def __init__(self, gettext: Callable[[str], str]) -> None:
        self._gettext = gettext

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - named after the node
        self.generic_visit(node)
        if not (isinstance(node.node, nodes.Name) and node.node.name == "_" and len(node.args) == 1):
            return node
        (message,) = node.args
        if node.kwargs or not isinstance(message, nodes.Const) or not isinstance(message.value, str):
            return node
        said = Markup(self._gettext(message.value)) % {}  # noqa: S704 - our own words, as `_` itself marks them
        return nodes.Const(said, lineno=node.lineno)
