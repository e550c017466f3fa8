"""The work as a graph of LangGraph: a thread for each mail, SqliteSaver, an interrupt where a person approves."""

from __future__ import annotations

import itertools
import os
import sqlite3
from pathlib import Path
from typing import Any, Literal, TypedDict

from benchmarks.office.laps import WARM, Laps
from benchmarks.office.work import append_line, classify, draft, extract, mail_text

Durability = Literal["sync", "async", "exit"]


class State(TypedDict, total=False):
    """What a thread carries from node to node."""

    text: str
    label: str
    number: str
    reply: str
    approved: bool


def _graph(handle: int, connection: sqlite3.Connection) -> Any:
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import interrupt

    def execute(state: State) -> State:
        if state["approved"]:
            append_line(handle, state["reply"])
        return {}

    graph = StateGraph(State)
    graph.add_node("classify", lambda state: {"label": classify(state["text"])})
    graph.add_node("extract", lambda state: {"number": extract(state["text"])})
    graph.add_node("draft", lambda state: {"reply": draft(state["label"], state["number"])})
    graph.add_node("approve", lambda state: {"approved": interrupt({"reply": state["reply"]})})
    graph.add_node("execute", execute)
    names = [START, "classify", "extract", "draft", "approve", "execute", END]
    for before, after in itertools.pairwise(names):
        graph.add_edge(before, after)
    saver = SqliteSaver(connection)
    saver.setup()  # its tables are there before the mails, like ours
    return graph.compile(checkpointer=saver)


def run(folder: Path, mails: int, durability: Durability) -> dict[str, float]:
    """All mails from arrival to done; seconds of each part. Raises AssertionError if one of them is not done."""
    from langgraph.types import Command

    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / "langgraph.sqlite", check_same_thread=False)
    connection.execute("PRAGMA synchronous=FULL")  # the default, said for the reader; the saver sets WAL itself
    handle = os.open(folder / "lines.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    graph = _graph(handle, connection)
    threads: list[Any] = [{"configurable": {"thread_id": f"mail-{i}"}} for i in range(mails + WARM)]
    for thread in threads[mails:]:
        graph.invoke({"text": mail_text(0)}, thread, durability=durability)
        graph.invoke(Command(resume=True), thread, durability=durability)
    laps = Laps()
    for i, thread in enumerate(threads[:mails]):
        graph.invoke({"text": mail_text(i)}, thread, durability=durability)
    laps.lap("prepare")
    for thread in threads[:mails]:
        graph.invoke(Command(resume=True), thread, durability=durability)
    laps.lap("approve and execute")
    seconds = laps.seconds()
    os.close(handle)
    connection.close()
    assert len((folder / "lines.txt").read_text().splitlines()) == mails + WARM
    return seconds
