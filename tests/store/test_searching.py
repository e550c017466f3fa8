"""Search in lists, newest first: the same lines by whichever way they are found, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from kontorist.store import searching, taking_in
from kontorist.store.tables import cases as table
from kontorist.store.taking_in import NewCase

SAID = [
    f"Rechnung {i} für Köln" + (" Palette" if i % 3 == 0 else "") + (" Eilauftrag" if i in (2, 50) else "") for i in range(60)
]


@pytest.fixture(params=["read", "deeper", "index", "index in small portions"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the way takes in ten thousands, in a few lines."""
    sizes = {
        "read": {},
        "deeper": {"_FIRST": 3},
        "index": {"_FIRST": 3, "_DEEPER": 4},
        "index in small portions": {"_FIRST": 3, "_DEEPER": 0, "_AT_ONCE": 2, "_WINDOWS": (3, 9), "_COMMON": 2.0},
    }
    for name, value in sizes[request.param].items():
        monkeypatch.setattr(searching, name, value)


@pytest.fixture
def ids(database) -> list[int]:
    new = [NewCase("a", "v", "mailbox", f"key-{i}", f"INBOX {i}", "", {"mail": {"text": said}}) for i, said in enumerate(SAID)]
    with database.write() as connection:
        return taking_in.take_in(connection, new, "test")


def found(database, said: str, skip: int = 0, limit: int = 5, **only: object) -> list[int]:
    query = select(table).filter_by(**only)
    with database.read() as connection:
        return searching.numbers(connection, query, table.c.id, table.c.id, said, skip, limit)


def test_the_newest_come_first_and_every_page_goes_on_where_the_last_one_ended(database, ids, way) -> None:
    newest = ids[::-1]
    assert found(database, "RECHNUNG köln") == newest[:5]
    assert found(database, "rech", skip=5) == newest[5:10]
    with_pallets = [n for n, said in zip(ids, SAID, strict=True) if "Palette" in said][::-1]
    pages = [found(database, "pal koln", skip=skip) for skip in range(0, 30, 5)]
    assert [n for page in pages for n in page] == with_pallets


def test_what_few_have_is_found_however_old_it_is_and_with_what_all_have(database, ids, way) -> None:
    assert found(database, "eilauftrag") == [ids[50], ids[2]]
    assert found(database, "rechnung eilauf") == [ids[50], ids[2]]
    assert found(database, "palette eilauftrag") == []
    assert found(database, "nothing") == found(database, "rechnung nothing") == found(database, "+-") == []


def test_only_lines_of_the_list_are_found_also_behind_many_others(database, ids, way) -> None:
    with database.write() as connection:
        connection.execute(table.update().where(table.c.id.in_([ids[2], ids[3], ids[9], ids[59]])).values(state="failed"))
    assert found(database, "rechnung", state="failed") == [ids[59], ids[9], ids[3], ids[2]]
    assert found(database, "palette", state="failed") == [ids[9], ids[3]]
    assert found(database, "eilauftrag", state="failed") == [ids[2]]
