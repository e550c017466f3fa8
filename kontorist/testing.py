"""For tests of connectors, ours and other people's: the contract as tests to inherit, and permits without an office.

A connector's tests are a class that inherits `ConnectorContract` (docs/howto/connector.md shows one); pytest runs the rest.
"""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from kontorist.core.errors import KontoristError, NotApproved, Rejected
from kontorist.core.permit import Permit, issue
from kontorist.core.values import canonical, decode, encode, sha256

if TYPE_CHECKING:
    from connectors.base import Action, Connector, Context, Item, Receipt


def permit_for(
    payload: Mapping[str, Any], *, key: str = "test-key", attempt: int = 1, fence: Callable[[], None] | None = None
) -> Permit:
    """A permit for a payload, as the gate would issue it for an approved action; `fence` is called by `permit.commit()`."""
    data = canonical(payload)
    return issue(action_id=1, key=key, attempt=attempt, payload=data, digest=sha256(data), fence=fence or (lambda: None))


def carried_out(action: Action, connection: Any, payload: Mapping[str, Any], **given: Any) -> Receipt:
    """Execute an action as the gate would, and see that the outputs which it says follow from its payload are those that came of it."""
    permit = permit_for(payload, **given)
    receipt: Receipt = action.execute(connection, permit)
    foretold = action.outputs(connection, action.Payload.model_validate(permit.payload), permit.key)
    assert foretold.items() <= receipt.outputs.items(), f"{foretold} was to follow from the payload, {receipt.outputs} came of it"
    return receipt


def context_for(data: Mapping[str, Any] | None = None, documents: Mapping[str, bytes] | None = None) -> Context:
    """What a proposal may know, without a case around it."""
    from connectors.base import Context

    return Context(1, "test", data or {}, documents or {}, "en")


# the contract of the class ---------------------------------------------------


def problems_of(connector: type[Connector]) -> list[str]:
    """What a connector's class lacks of the contract, as sentences; empty when it is whole."""
    from connectors.base import Connector

    found = [
        f"{word!r} cannot be written in a flow"
        for word in _words(connector)
        if not (word.isidentifier() and word == word.lower())
    ]
    if not sys.modules[connector.__module__].__doc__ or not connector.__doc__ or connector.__doc__ == Connector.__doc__:
        found.append("the module and the class need a docstring of their own")
    for model in (connector.Config, *connector.triggers.values()):
        found += [f"undocumented: {one}" for one in undocumented(model)]
        found += [f"{one} lets unknown options pass" for one in lenient(model)]
    found += [sentence for wrong, sentence in _missing(connector) if wrong]
    return [*found, *(f"{name}: {one}" for name, action in connector.actions.items() for one in _problems_of_action(action))]


def _words(connector: type[Connector]) -> Iterator[str]:
    yield from connector.actions
    yield from connector.triggers


def _missing(connector: type[Connector]) -> Iterator[tuple[bool, str]]:
    from connectors.base import Connector

    yield connector.try_out is Connector.try_out, "it has no try_out, so `doctor` cannot try it"
    yield bool(connector.triggers) and connector.read is Connector.read, "it has triggers and no read"
    yield not set(connector.suffixes) <= set(connector.triggers), "it reads files for triggers that it does not have"
    from_file = getattr(connector.from_file, "__func__", None)
    yield (
        bool(connector.suffixes) and from_file is getattr(Connector.from_file, "__func__", 1),
        "it has suffixes and no from_file",
    )
    yield (connector.tables is Connector.tables) != (connector.look_up is Connector.look_up), "tables and look_up belong together"


def _problems_of_action(action: type[Action]) -> Iterator[str]:
    from connectors.base import Action

    if not action.__doc__ or action.__doc__ == Action.__doc__:
        yield "needs a docstring of its own"
    yield from (f"undocumented: {one}" for one in undocumented(action.Payload))
    yield from (f"{one} lets unknown keys pass" for one in lenient(action.Payload))
    if strange := set(action.recipients) - set(action.Payload.model_fields):
        yield f"recipients that are not in its payload: {', '.join(sorted(strange))}"
    if action.authoritative_find and action.find is Action.find:
        yield "says that it knows what happened, and has no find"
    for forged in (None, {}, object()):
        try:
            action().execute(None, forged)  # type: ignore[arg-type]
        except NotApproved:
            continue
        except Exception as error:  # noqa: BLE001 - anything else means that it began
            yield f"began without a permit ({type(error).__name__})"
        else:
            yield "ran without a permit"


def undocumented(model: type[BaseModel]) -> list[str]:
    """Models without a docstring of their own, and fields without a description."""
    missing = []
    for one in all_models(model):
        if not one.__doc__ or one.__doc__ in {base.__doc__ for base in one.__bases__}:
            missing.append(f"{one.__name__} has no docstring")
        described = inspect.getsource(one).count('"""') > 2  # docstrings below the fields
        missing += [f"{one.__name__}.{name}" for name, f in one.model_fields.items() if not (f.description or described)]
    return missing


def lenient(model: type[BaseModel]) -> list[str]:
    """Models that let unknown keys pass: a slip in connections.yaml would go unnoticed."""
    return sorted(one.__name__ for one in all_models(model) if one.model_config.get("extra") != "forbid")


def all_models(model: type[BaseModel]) -> set[type[BaseModel]]:
    """A model and those in its fields, however deep."""
    return {model, *(inner for f in model.model_fields.values() for inner in _inner(f.annotation))}


def _inner(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return all_models(annotation)
    return {model for part in typing.get_args(annotation) for model in _inner(part)}


# the contract of a connection ----------------------------------------------


class ConnectorContract:
    """Tests to inherit: name the connector, how it is configured, and what it can be asked; pytest does the rest."""

    connector: ClassVar[type[Connector]]
    config: ClassVar[Mapping[str, Any]] = {}
    triggers: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Trigger kind → options under which `prepare` left something to read."""
    actions: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Action → a payload that can be executed after `prepare`."""
    settings: ClassVar[Mapping[str, Any]] = {"company": {"name": "Test GmbH"}, "languages": ["en"]}

    def prepare(self, folder: Path) -> None:
        """Put there what the connection reads; `folder` is the office's."""

    def context(self) -> Context:
        """What proposals see of a case."""
        return context_for()

    def connect(self, folder: Path) -> Connector:
        """A connection as the office opens it."""
        from connectors.base import Surroundings

        (folder / "data").mkdir(exist_ok=True)
        typed = self.connector.Config.model_validate(self.config)
        return self.connector(typed, Surroundings("test", folder, folder / "data", self.settings))

    def test_the_class_keeps_the_contract(self) -> None:
        """Documented, strict, no effect without a permit."""
        assert problems_of(self.connector) == []

    def test_trying_it_out_works(self, tmp_path: Path) -> None:
        """`doctor` finds it well."""
        self.prepare(tmp_path)
        health = self.connect(tmp_path).try_out()
        assert health.ok, health.message

    def test_everything_is_read_once_and_the_same_in_every_look(self, tmp_path: Path) -> None:
        """Source keys are those of the content: stable, distinct, and what is known does not come again."""
        self.prepare(tmp_path)
        for kind, given in self.triggers.items():
            options = self.connector.triggers[kind].model_validate(given)
            first, second = (self._read(tmp_path, kind, options, set()) for _ in range(2))
            keys = [item.source_key for item in first]
            assert keys, f"{kind}: there is nothing to read; let `prepare` put something there"
            assert len(set(keys)) == len(keys), f"{kind}: two items have the same source key"
            assert keys == [item.source_key for item in second], f"{kind}: source keys change from look to look"
            assert self._read(tmp_path, kind, options, set(keys)) == [], f"{kind}: what is known comes again"

    def _read(self, folder: Path, kind: str, options: Any, known: set[str]) -> list[Item]:
        connection = self.connect(folder)
        try:
            return list(connection.read(kind, options, lambda keys: set(keys) & known))
        finally:
            connection.close()

    def test_what_is_read_can_be_kept(self, tmp_path: Path) -> None:
        """The data survive the journal, documents are bytes, and a second acknowledgement harms nothing."""
        self.prepare(tmp_path)
        for kind, given in self.triggers.items():
            options = self.connector.triggers[kind].model_validate(given)
            connection = self.connect(tmp_path)
            items = list(connection.read(kind, options, lambda _: set()))
            for item in items:
                assert decode(encode(dict(item.data))) == dict(item.data), f"{item.source}: the data do not survive the journal"
                assert all(type(one.data) is bytes for one in item.documents)
                assert item.source, "an item has no source"
                assert item.title, f"{item.source}: an item has no title"
            connection.acknowledge(kind, options, items)
            connection.acknowledge(kind, options, items)
            connection.close()

    def test_look_ups_answer_each_question_and_refuse_what_is_not_there(self, tmp_path: Path) -> None:
        """One list for each `where`, rows with the columns that were promised, a row found by its own values."""
        self.prepare(tmp_path)
        connection = self.connect(tmp_path)
        for table, columns in connection.tables().items():
            everything, again = connection.look_up(table, [{}, {}])
            assert [row.values for row in everything] == [row.values for row in again]
            for row in everything[:3]:
                assert set(row.values) == {column.name for column in columns}, f"{row.place}: other columns than promised"
                assert row.place, f"{table}: a row has no place"
                assert decode(encode(dict(row.values))) == dict(row.values)
            assert _raises(Rejected, connection.look_up, table, [{"no such column": "x"}])
        if connection.tables():
            assert _raises(Rejected, connection.look_up, "no such table", [{}])
        connection.close()

    def test_a_proposal_is_complete_and_changes_nothing(self, tmp_path: Path) -> None:
        """The same payload gives the same proposal, which proposes itself again: what is shown is what is done."""
        self.prepare(tmp_path)
        for name, payload in self.actions.items():
            connection, action = self.connect(tmp_path), self.connector.actions[name]()
            first, second = (action.propose(connection, action.Payload.model_validate(payload), self.context()) for _ in range(2))
            assert first.business_key == second.business_key, f"{name}: the business key changes"
            assert first.sentence, f"{name}: no sentence for the approver"
            again = action.propose(connection, action.Payload.model_validate(dict(first.payload)), self.context())
            assert again.business_key == first.business_key, f"{name}: its own payload is another fact"
            canonical(first.payload)
            connection.close()

    def test_an_action_happens_behind_the_fence_only_and_is_found_afterwards(self, tmp_path: Path) -> None:
        """A closed fence leaves nothing; an open one leaves positive evidence that does not change."""
        self.prepare(tmp_path)
        for name, payload in self.actions.items():
            connection, action = self.connect(tmp_path), self.connector.actions[name]()
            proposal = action.propose(connection, action.Payload.model_validate(payload), self.context())
            assert not list(action.check(connection, proposal.payload, proposal.rests_on)), f"{name}: it is stale at once"
            assert _raises(NotApproved, action.execute, connection, permit_for(proposal.payload, fence=_closed))
            assert action.find(connection, proposal.payload, "test-key") is None, f"{name}: it happened before the fence"
            receipt = carried_out(action, connection, proposal.payload)
            assert receipt.evidence, f"{name}: a receipt without evidence"
            canonical(receipt.evidence)
            if type(action).find is not _base_find():
                assert action.find(connection, proposal.payload, "test-key"), f"{name}: what happened is not found"
            connection.close()


def _closed() -> None:
    raise NotApproved("The fence is closed.")


def _base_find() -> Any:
    from connectors.base import Action

    return Action.find


def _raises(kind: type[KontoristError], work: Callable[..., object], *arguments: object) -> bool:
    try:
        work(*arguments)
    except kind:
        return True
    return False


__all__: Sequence[str] = (
    "ConnectorContract",
    "all_models",
    "context_for",
    "lenient",
    "permit_for",
    "problems_of",
    "undocumented",
)
