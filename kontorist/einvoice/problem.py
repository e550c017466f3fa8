"""A problem of an invoice, with its rule, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Problem:
    """What is wrong, by which rule, in which field."""

    rule: str
    text_de: str
    text_en: str
    field: str = ""
    severity: str = ERROR

    def as_dict(self, language: str = "de") -> dict[str, Any]:
        """Journal values; `text` in the language asked for."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "text": self.text_de if language.startswith("de") else self.text_en,
            "text_de": self.text_de,
            "text_en": self.text_en,
            "field": self.field,
        }


def errors(problems: list[Problem]) -> int:
    """How many of them are errors."""
    return sum(problem.severity == ERROR for problem in problems)


def shown_de(value: Any) -> str:
    """The same in German notation."""
    return shown(value).replace(".", ",") if hasattr(value, "as_tuple") else shown(value)


def shown(value: Any) -> str:
    """An amount or a missing value as it stands in a sentence."""
    return "–" if value is None else f"{value:f}" if hasattr(value, "as_tuple") else str(value)
