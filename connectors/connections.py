"""The office's connections: opened when first used, and the one place where a payload becomes a proposal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from connectors.base import Action, Connector, Context, Proposal, Receipt, Surroundings
from kontorist.core import registry
from kontorist.core.errors import ConfigurationError, Rejected
from kontorist.core.office import Office

_WRONG = {
    "missing": ("fehlt", "is missing"),
    "too_short": ("ist zu kurz oder leer", "is too short or empty"),
    "too_long": ("ist zu lang", "is too long"),
    "string_type": ("ist kein Text", "is no text"),
    "list_type": ("ist keine Liste", "is no list"),
    "int": ("ist keine ganze Zahl", "is no whole number"),
    "float": ("ist keine Zahl", "is no number"),
    "decimal": ("ist keine Zahl", "is no number"),
    "date": ("ist kein Datum", "is no date"),
    "bool": ("ist weder ja noch nein", "is neither true nor false"),
    "literal_error": ("ist keiner der möglichen Werte", "is none of the possible values"),
    "extra_forbidden": ("gibt es hier nicht", "is not known here"),
}
"""What people read, by the kind of error or its first word."""


def _wrong(error: Mapping[str, Any], *, german: bool) -> str:
    """What is wrong with a field, for whoever has a flow's or an edit's payload before them."""
    kind = str(error["type"])
    known = _WRONG.get(kind.removeprefix("string_")) or _WRONG.get(kind) or _WRONG.get(kind.split("_", 1)[0])
    return known[0 if german else 1] if known else f"– {str(error['msg']).removeprefix('Value error, ')}"


class Connections:
    """Opens connections by name. One instance belongs to one thread."""

    def __init__(self, office: Office, data_dir: Path) -> None:
        self.office = office
        self.data_dir = data_dir
        self._open: dict[str, Connector] = {}
        self._actions: dict[str, Action] = {}

    def get(self, name: str) -> Connector:
        """The connection with this name. Raises ConfigurationError if it is not or wrongly configured."""
        if name not in self._open:
            self._open[name] = open_connection(self.office, self.data_dir, name)
        return self._open[name]

    def action(self, connection: str, action: str) -> Action:
        """The action of a connection. Raises ConfigurationError if it has none of that name."""
        full = f"{connection}.{action}"
        if full not in self._actions:
            known = self.get(connection).actions
            if action not in known:
                raise ConfigurationError(
                    f"The connection '{connection}' has no action '{action}'; it has: {', '.join(sorted(known))}."
                )
            self._actions[full] = known[action]()
        return self._actions[full]

    def validate(self, connection: str, action: str, payload: Mapping[str, Any]) -> Any:
        """The payload as the action's model. Raises Rejected naming each wrong field."""
        model = self.action(connection, action).Payload
        try:
            return model.model_validate(payload)
        except ValidationError as error:
            german = self.office.language == "de"
            problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or action} {_wrong(e, german=german)}" for e in error.errors())
            what = "lässt sich nicht vorbereiten" if german else "cannot be prepared"
            raise Rejected(f"{connection}.{action} {what}: {problems}") from error

    def propose(self, connection: str, action: str, payload: Mapping[str, Any], context: Context) -> Proposal:
        """The proposal for a raw payload, of a flow or of a person's edit. Changes nothing. Raises Rejected."""
        typed = self.validate(connection, action, payload)
        return self.action(connection, action).propose(self.get(connection), typed, context)

    def find(self, connection: str, action: str, payload: Mapping[str, Any], key: str) -> Receipt | None:
        """The evidence outside that an action was carried out, if there is any. Changes nothing."""
        known = self.action(connection, action)
        return known.find(self.get(connection), known.Payload.model_validate(payload), key)

    def outputs(self, connection: str, action: str, payload: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """What follows of an action's outputs from payload and key alone."""
        known = self.action(connection, action)
        return known.outputs(self.get(connection), known.Payload.model_validate(payload), key)

    def close(self) -> None:
        """Close what was opened."""
        for connector in self._open.values():
            connector.close()
        self._open.clear()


def surroundings(office: Office, data_dir: Path, name: str) -> Surroundings:
    """Where a connection lives and what the office says for all."""
    settings = {
        "company": office.settings.company.model_dump(),
        "timezone": office.settings.timezone,
        "languages": office.settings.languages,
    }
    sources = [flow.trigger.source() for flow in office.flows.values() if flow.trigger]
    mine = [source for source in sources if source and source[1].get("connection") == name]
    return Surroundings(name, office.directory.resolve(), data_dir.resolve(), settings, mine)


def open_connection(office: Office, data_dir: Path, name: str) -> Connector:
    """A connector for one configured connection; nothing is contacted yet. Raises ConfigurationError."""
    if name not in office.connections:
        raise ConfigurationError(
            f"There is no connection '{name}' in connections.yaml; there are: {', '.join(office.connections) or 'none'}."
        )
    configured = office.connections[name]
    cls = registry.load("connectors", configured.connector)
    try:
        config = cls.Config.model_validate(configured.options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f"connections.yaml: {name}.{where}: {first['msg']}; `kontorist check` lists every problem."
        ) from error
    connector: Connector = cls(config, surroundings(office, data_dir, name))
    return connector
