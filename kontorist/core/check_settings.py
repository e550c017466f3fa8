"""Checks what stands beside the flows: connections, people, limits, and that no two flows read one mailbox folder."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from kontorist.core import registry
from kontorist.core.errors import KontoristError
from kontorist.core.office import Connection, Office, add_errors
from kontorist.core.problems import did_you_mean


def check_settings(office: Office) -> None:
    """Note each problem in its file."""
    _check_connections(office)
    _check_people(office)
    _check_limits(office)
    _check_mailboxes(office)


def connector_class(connection: Connection) -> Any:
    """The connector of a connection, or None if there is none of that name."""
    try:
        return registry.load("connectors", connection.connector)
    except KontoristError:
        return None


def _check_connections(office: Office) -> None:
    file = office.files["connections.yaml"]
    for name, connection in office.connections.items():
        if connection.connector not in registry.names("connectors"):
            hint = did_you_mean(connection.connector, registry.names("connectors"))
            file.add((name, "connector"), f"there is no connector '{connection.connector}'{hint}")
            continue
        config: type[BaseModel] = connector_class(connection).Config
        try:
            config.model_validate(connection.options)
        except ValidationError as error:
            add_errors(file, error, config, (name,))


def _check_people(office: Office) -> None:
    file, settings = office.files["office.yaml"], office.settings
    for name, person in settings.people.items():
        for i, group in enumerate(person.groups):
            if group not in settings.groups and "groups" not in office.unsure:
                file.add(("people", name, "groups", i), f"there is no group '{group}'{did_you_mean(group, settings.groups)}")
        if person.deputy and person.deputy not in settings.people and "people" not in office.unsure:
            file.add(
                ("people", name, "deputy"), f"there is no person '{person.deputy}'{did_you_mean(person.deputy, settings.people)}"
            )
    known = ("built-in", "environment", *settings.models)
    if settings.model not in known and "models" not in office.unsure:
        file.add(
            ("model",), f"there is no model '{settings.model}'{did_you_mean(settings.model, ['built-in', *settings.models])}"
        )


def connections_of(office: Office) -> set[str]:
    """The names of all connections, those among them that lack what they need."""
    data = office.files["connections.yaml"].data
    return {*office.connections, *(data if isinstance(data, dict) else ())}


def _check_limits(office: Office) -> None:
    if {"connections", "models"} & office.unsure:
        return
    names = [*connections_of(office), *office.settings.models, "environment"]
    for name in office.settings.limits:
        if name not in names:
            hint = did_you_mean(name, names)
            office.files["office.yaml"].add(("limits", name), f"there is no connection and no model '{name}'{hint}", key=True)


def _check_mailboxes(office: Office) -> None:
    """One mailbox folder feeds one flow, so that each mail is read, classified and paid for once."""
    seen: dict[tuple[str, str], str] = {}
    for name, flow in office.flows.items():
        options = flow.trigger.mail if flow.trigger else None
        if options is None:
            continue
        place = (str(options.get("connection")), str(options.get("folder", "INBOX")))
        if place in seen:
            text = f"{place[0]}/{place[1]} feeds the flow '{seen[place]}' already; let one flow classify and hand on with `use: {name}`"
            office.files[name].add(("trigger", "mail"), text, key=True)
        seen.setdefault(place, name)
