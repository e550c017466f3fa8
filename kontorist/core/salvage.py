"""What can still be known of an office whose files have mistakes: `check` tells those, all at once, and not what follows from them."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from kontorist.core.flow import KINDS, NAME, Flow
from kontorist.core.office import Company, Office, OfficeFile, add_errors, plain_loc
from kontorist.core.yamlfile import Loc, YamlFile, fill_secrets

ANY = "*"
"""Among the names that are lost: nobody can know what later steps call a step whose own name is none."""
_ROUNDS = 5
_MAPPINGS = ("dict_type", "model_type", "model_attributes_type")


def usable(office: Office) -> Office:
    """The office with every setting that is not wrong itself, and what of it nobody can know; for checking only, never for work."""
    settings, connections = office.files["office.yaml"], office.files["connections.yaml"]
    unsure = {part for part in ("people", "groups", "models") if not _is_known(settings.data, part)}
    if connections.problems and not isinstance(connections.data, dict):
        unsure.add("connections")
    known = _settings(fill_secrets(copy.deepcopy(settings.data), YamlFile(settings.path)))
    if settings.problems or any(group not in known.groups for person in known.people.values() for group in person.groups):
        unsure.add("members")
    return replace(office, settings=known, unsure=frozenset(unsure))


def _is_known(data: Any, part: str) -> bool:
    """Whether the names in a part of office.yaml can be read; one that is not there may stand under a misspelt key."""
    if not isinstance(data, dict):
        return False
    if part in data:
        return data[part] is None or isinstance(data[part], dict)
    return all(key in OfficeFile.model_fields for key in data)


def _settings(data: Any) -> OfficeFile:
    for _ in range(_ROUNDS if isinstance(data, dict) else 0):
        try:
            return OfficeFile.model_validate(data)
        except ValidationError as error:
            for item in error.errors():
                _mend(data, item["loc"], item["type"])
    return OfficeFile(company=Company(name="?"))


def _mend(data: Any, loc: Loc, kind: str) -> None:
    """Leave out what is wrong; what is missing gets a name that stands for any."""
    parent = _at(data, loc[:-1])
    if not isinstance(parent, dict):
        data.pop(loc[0], None)
    elif kind == "missing":
        parent[str(loc[-1])] = {} if loc == ("company",) else "?"
    elif kind in _MAPPINGS:
        parent[str(loc[-1])] = {}
    else:
        parent.pop(loc[-1], None)


def _at(data: Any, loc: Loc) -> Any:
    for part in loc:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def flow(file: YamlFile) -> tuple[Flow, frozenset[str]] | None:
    """A flow without its wrong steps, and the names that these would give; notes what else is wrong. None where too little is left."""
    data, lost = copy.deepcopy(file.data), set[str]()
    if not isinstance(data, dict):
        return None
    for steps, i in _wrong_kinds(data):
        lost |= _names(steps[i])
        steps[i] = _stand_in(steps[i])
    for number in range(_ROUNDS):
        try:
            return Flow.model_validate(data), frozenset(lost)
        except ValidationError as error:
            if not number:
                add_errors(file, error, Flow)
            for item in error.errors():
                lost |= _leave_out(data, plain_loc(item["loc"]))
    return None


def _wrong_kinds(data: Any) -> Iterator[tuple[list[Any], int]]:
    """Every step that is not one thing, as its list and place, inner ones first."""
    for key in ("steps", "otherwise"):
        found = data.get(key) if isinstance(data, dict) else None
        steps: list[Any] = found if isinstance(found, list) else []
        for i, step in enumerate(steps):
            yield from _wrong_kinds(step)
            if not isinstance(step, dict) or sum(kind in step for kind in KINDS) != 1:
                yield steps, i


def _leave_out(data: dict[str, Any], loc: Loc) -> set[str]:
    """Put a stand-in in the place of the innermost step around a mistake, or drop the flow's option with it; the names that are lost."""
    ends = [i for i in range(1, len(loc)) if isinstance(loc[i], int) and loc[i - 1] in ("steps", "otherwise")]
    steps = _at(data, loc[: ends[-1]]) if ends else None
    if not isinstance(steps, list):
        data.pop(str(loc[0]) if loc else "", None)
        return set()
    i = int(loc[ends[-1]])
    lost = _names(steps[i])
    steps[i] = _stand_in(steps[i])
    return lost


def _stand_in(step: Any) -> dict[str, Any]:
    """A step that does nothing, with the steps within the wrong one."""
    inner = {k: step[k] for k in ("steps", "otherwise") if isinstance(step.get(k), list)} if isinstance(step, dict) else {}
    return {"when": "true", **inner} if inner else {"set": {}}


def _names(step: Any) -> set[str]:
    """What later steps may call by name of a step that is left out; ANY where its name is none."""
    if not isinstance(step, dict):
        return set()
    named = [str(step[key]) for key in ("id", "as") if key in step]
    given = {*named, "entry", *(step["set"] if isinstance(step.get("set"), dict) else ())}
    return given if all(re.match(NAME, name) for name in named) else {*given, ANY}
