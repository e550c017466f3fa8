"""The contract of a connector: reads, look-ups and actions of one kind of outside system.

A connector is one module or package in `connectors/` (or an entry point in the group `kontorist.connectors`) with one
subclass of `Connector`. Its name in YAML is the name of the module. Reads and look-ups are free to call and change
nothing. An action is a class of its own; it is proposed, approved by a person and executed through the gate.

A connector turns whatever its library raises into four outcomes (kontorist.core.errors): `AccessDenied` (ask a
person), `Unavailable` (retry later), `Rejected` (show, never retry), `NotReadable` (one bad document, others go on).
"""

from __future__ import annotations

import functools
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from kontorist.core.errors import NotApproved, NotReadable, Rejected, Unavailable
from kontorist.core.permit import Permit
from kontorist.core.values import sha256


@dataclass(frozen=True)
class NewDocument:
    """Bytes that belong to an item, as they came."""

    name: str
    media_type: str
    data: bytes = field(repr=False)
    role: str = "original"
    """`original` (the mail, the file) or `attachment`."""


_TITLE_AT_MOST = 300
"""Letters of a title: it stands in every list."""
BLIND = 30.0
"""Seconds between two passes for a source that cannot say whether something came."""


@dataclass(frozen=True)
class Item:
    """One thing read from a source: it becomes one case."""

    source_key: str
    """Identifies the content within its connection, whatever its position or flags: de-duplication rests on it."""
    source: str
    """Where it was found, for a person: `mailbox/INBOX 17`, a file's path."""
    title: str
    """What people know it by; the end of a very long one is cut off."""
    data: Mapping[str, Any]
    """What a flow sees under the trigger's name (`mail`, `file`, `row`): journal values only."""
    documents: Sequence[NewDocument] = ()
    thread: Sequence[str] = ()
    """Keys of the conversation this belongs to (Message-IDs): a new item in it voids what rested on the old state."""
    warnings: Sequence[str] = ()
    handle: Any = None
    """The connector's own handle for `acknowledge`."""

    def __post_init__(self) -> None:
        if len(self.title) > _TITLE_AT_MOST:
            object.__setattr__(self, "title", f"{self.title[:_TITLE_AT_MOST]}…")


@dataclass(frozen=True)
class Column:
    """One column of a look-up table: `type` is text, integer, decimal, date or boolean."""

    name: str
    type: str = "text"


@dataclass(frozen=True)
class Row:
    """One row of a look-up table with its place, so that it can be shown as evidence."""

    table: str
    place: str
    """For a person and for evidence: `orders.csv:17`."""
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Warn:
    """A warning on a proposal: `code` is stable, `text` is for people; `stop` ones need more than a plain approval."""

    code: str
    text: str
    stop: bool = False
    blocks: bool = False
    """Whether something is missing without which it would be refused outside: it has to be edited before it can be approved."""

    def stored(self) -> dict[str, Any]:
        """As the store keeps it."""
        kept: dict[str, Any] = {"code": self.code, "text": self.text, "stop": self.stop}
        return {**kept, "blocks": True} if self.blocks else kept


@dataclass(frozen=True)
class Proposal:
    """What an action would do, prepared for a person."""

    payload: Mapping[str, Any]
    """Exactly what would be executed: plain JSON values, complete and resolved."""
    sentence: str
    """One plain sentence in the office's language: what will happen, to whom, with what."""
    business_key: str
    """Names the business fact (`reply:<message-id>`, `invoice:DE123/RE-7`): one effect at most per key."""
    warnings: Sequence[Warn] = ()
    rests_on: Mapping[str, Any] = field(default_factory=dict)
    """World state at proposal that `check` compares at execution: plain JSON values."""
    settles: Sequence[str] = ()
    """Open items that it pays (`kontorist.core.open_items`): whoever reminds of one of them is told."""

    def rests(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """What the action rests on with this proposal, from what is known besides or was before."""
        settles = {"settles": list(self.settles)} if self.settles or "settles" in before else {}
        return {**before, "connector": self.rests_on, **settles}


@dataclass(frozen=True)
class Receipt:
    """Positive evidence that an effect happened: plain JSON values for people and the audit log."""

    evidence: Mapping[str, Any]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What later steps may use under the step's id."""
    sync: Callable[[], None] | None = field(default=None, compare=False, repr=False)
    """Waits until the effect, which is there, would outlast a power cut (fsync). Called once, perhaps in another thread and after the next
    actions were carried out; only then is the action done. What it raises leaves the action uncertain."""


@dataclass(frozen=True)
class Health:
    """The result of trying a connection: `problem` says what is wrong and how to mend it."""

    ok: bool
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What a proposal may know about its case."""

    case_id: int
    flow: str
    data: Mapping[str, Any]
    """The case's values as flows see them (`mail`, step results …)."""
    documents: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The case's documents by SHA-256."""
    language: str = "de"


class Payload(BaseModel):
    """Base of an action's payload: what `with:` may contain. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid")


class Config(BaseModel):
    """Base of a connector's options in connections.yaml. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid")


class Action(ABC):
    """Something a connector can do to the world outside. Subclass it once an action."""

    Payload: ClassVar[type[BaseModel]]
    recipients: ClassVar[Sequence[str]] = ()
    """Payload fields that decide who gets it or whose account it is: never from a model."""
    undo_window: ClassVar[float] = 0.0
    """Seconds between approval and execution in which the approver can take it back (mail: 15)."""
    approvers: ClassVar[int] = 1
    """How many different people approve it where the flow does not say a number (payments: 2)."""
    authoritative_find: ClassVar[bool] = False
    """True if `find` returning None proves that the effect did not happen (a file under its hash, not an e-mail)."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "execute" in cls.__dict__:
            cls.execute = _guarded(cls.__dict__["execute"])  # type: ignore[method-assign]

    @abstractmethod
    def propose(self, connector: Any, payload: Any, context: Context) -> Proposal:
        """The proposal for a validated payload. Changes nothing. Raises Rejected when it cannot be done at all."""

    def check(self, connector: Any, payload: Any, rests_on: Mapping[str, Any]) -> Sequence[str]:
        """What changed in the world since the proposal, as sentences; empty when all is as it was."""
        return ()

    @abstractmethod
    def execute(self, connector: Any, permit: Permit) -> Receipt:
        """Do it: read `permit.payload`, prepare everything, call `permit.commit()` immediately before the last irreversible byte.

        Raises Unavailable or Rejected if it certainly did not happen, Uncertain if that cannot be known.
        """

    def find(self, connector: Any, payload: Any, key: str) -> Receipt | None:
        """Look for positive evidence that the effect with this idempotency key happened; None when there is none."""
        return None

    def outputs(self, connector: Any, payload: Any, key: str) -> Mapping[str, Any]:
        """What follows from payload and key alone of the outputs of `execute`, for what a person knows and `find` does not see."""
        return {}


def _guarded(execute: Any) -> Any:
    """Wrap an action's `execute` so that it runs only with a permit, and only passes as done if it used the fence."""

    @functools.wraps(execute)
    def guarded(self: Action, connector: Any, permit: Permit) -> Receipt:
        if type(permit) is not Permit:
            raise NotApproved("An action runs only with a permit from the gate.")
        receipt: Receipt = execute(self, connector, permit)
        if not permit.committed:
            raise NotApproved(
                f"{type(self).__name__} reported an effect without passing the fence; this is a defect of the connector."
            )
        return receipt

    return guarded


@dataclass(frozen=True)
class Surroundings:
    """Where a connection lives."""

    name: str
    """The connection's name in connections.yaml."""
    office_dir: Path
    data_dir: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the office says for all: `company`, `timezone`, `languages`, `today`."""
    triggers: Sequence[tuple[str, Mapping[str, Any]]] = ()
    """What flows take from it: the kind of each trigger with its options."""

    def path(self, written: str) -> Path:
        """A path as an admin wrote it: `data:` prefix means the data folder, else relative to the office folder."""
        if written.startswith("data:"):
            return self.data_dir / written.removeprefix("data:").lstrip("/")
        return (self.office_dir / Path(written).expanduser()).resolve()

    def place(self, digest: str) -> Path:
        """Where a document of the office lies, by its SHA-256."""
        return self.data_dir / "documents" / digest[:2] / digest

    def document(self, digest: str) -> bytes:
        """The bytes of a document of the office. Raises Unavailable when it cannot be read, Rejected when it is damaged."""
        place = self.place(digest)
        try:
            data = place.read_bytes()
        except OSError as error:
            raise Unavailable(f"The document {digest[:12]}… cannot be read: {error.strerror}.") from error
        if sha256(data) != digest:
            raise Rejected(f"The document {digest[:12]}… in {place} is damaged; restore it from the backup.")
        return data


class Connector(ABC):
    """Talks to one kind of outside system. One instance is one connection; it opens lazily and is used by one thread."""

    Config: ClassVar[type[BaseModel]]
    triggers: ClassVar[Mapping[str, type[BaseModel]]] = {}
    """Trigger kinds it can feed (`mail`, `file`, `rows`) with the options each takes besides `connection`."""
    actions: ClassVar[Mapping[str, type[Action]]] = {}
    suffixes: ClassVar[Mapping[str, Sequence[str]]] = {}
    """For `simulate`: trigger kind → file suffixes it reads ('' for any)."""
    retention_law: ClassVar[str] = ""
    """Why cases in which something was done here have to be kept although a person asks for erasure; empty: they need not."""

    def __init__(self, config: Any, surroundings: Surroundings) -> None:
        self.config = config
        self.surroundings = surroundings

    def close(self) -> None:  # noqa: B027 - most connectors hold nothing open
        """Let go of sockets and files."""

    # reads ---------------------------------------------------------------

    def read(self, kind: str, options: Any, known: Any) -> Iterator[Item]:
        """The items not taken in yet, oldest first. `known(keys) -> set` tells which source keys are known already.

        Yields lazily, so that a large mailbox never lies in memory at once.
        """
        raise NotImplementedError(f"{type(self).__name__} has no trigger")

    def acknowledge(self, kind: str, options: Any, items: Sequence[Item]) -> None:  # noqa: B027 - optional
        """Tell the source that these are safely ours (called after the commit). Must be harmless when repeated."""

    def changed(self, kind: str, options: Any, timeout: float) -> bool:
        """Wait until the source may have something new, at most `timeout` seconds. Used by one thread of its own.

        True has a pass follow, which costs some tenths of a second; False too often delays. This one knows nothing, and says True every 30 s.
        """
        time.sleep(min(timeout, BLIND))
        return True

    receives: ClassVar[bool] = False
    """Whether others may post to `/hooks/NAME` of the inbox: `receive` then decides who."""

    def receive(self, headers: Mapping[str, str], body: bytes) -> str:
        """Keep what was posted; it is on disk when this returns its key. Header names are in lower case.

        Raises AccessDenied where the sender does not prove who it is, Rejected for what cannot be taken, Unavailable for later.
        """
        raise NotImplementedError(f"{type(self).__name__} takes no posts")

    def reread(self, source: str, data: Mapping[str, Any], original: bytes) -> Item | None:
        """The item of an original that is kept, read anew, for *process again*; None: what was read then stays.

        `source` and `data` are those of the case it became.
        """
        return None

    @classmethod
    def from_file(cls, kind: str, path: Path, settings: Mapping[str, Any]) -> Iterator[Item | NotReadable]:
        """Items from a file or folder given to `simulate` or to the upload page, and why a part of it is none. Raises NotReadable."""
        raise NotImplementedError(f"{cls.__name__} reads no files")

    # look-ups ------------------------------------------------------------

    def tables(self) -> Mapping[str, Sequence[Column]]:
        """The tables that can be looked up, with their columns."""
        return {}

    def look_up(self, table: str, wheres: Sequence[Mapping[str, Any]]) -> list[list[Row]]:
        """For each `where` (column → value, all must match) the rows found. In batches, because flows work in chunks."""
        raise NotImplementedError(f"{type(self).__name__} has no tables")

    # operations ----------------------------------------------------------

    def login(self, tell: Callable[[str], None]) -> None:
        """Let a person sign in once, for `kontorist login`; `tell` shows what they have to do. Raises AccessDenied."""
        raise Rejected(f"'{self.surroundings.name}' needs no sign-in by a person: what it needs stands in connections.yaml.")

    @abstractmethod
    def try_out(self) -> Health:
        """Try the connection without changing anything, for `kontorist doctor`."""

    def problems(self) -> Iterable[str]:
        """What is wrong with the data it has read so far: bad rows with file and line. For `doctor` and the inbox."""
        return ()


def action_name(connection: str, action: str) -> str:
    """The full name of an action, as flows write it: `mailbox.reply`."""
    return f"{connection}.{action}"
