"""The path of a case as a picture with the configuration as it was then, and the page of a flow with its versions."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from flows import shipping
from kontorist.core.errors import ConfigurationError
from kontorist.store import versions
from tests.flows.offices import arrive, work
from tests.inbox.desks import Desk


def change(desk: Desk, before: str, after: str) -> None:
    path = desk.runtime.office.directory / "flows" / "keep.yaml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    taken_up(desk)


def taken_up(desk: Desk) -> None:
    shipping.shipped(shipping.current(desk.runtime.office.directory), desk.runtime.database)


def current(desk: Desk) -> list[str]:
    with desk.runtime.database.read() as connection:
        return [c.version for c in versions.history(connection, "keep")]


def test_the_path_is_highlighted_with_what_went_in_and_what_was_configured_then(desk: Desk) -> None:
    (number,) = arrive(desk.runtime, "keep", "hello")
    work(desk.runtime)
    (sorted_case,) = arrive(desk.runtime, "sort", "We order ten boxes")
    work(desk.runtime)
    change(desk, "content: saved", "content: kept")
    browser = desk.browser("anna")
    page = browser.get(f"/case/{number}/path").text
    assert "it has changed since" in page
    assert re.findall(r'<g class="(\w+) on">', page)[:2] == ["trigger", "action"]
    assert f"/case/{number}/path" in browser.get(f"/case/{number}").text
    assert "<style" not in page
    if "topic" in desk_journal(desk, sorted_case):
        page = browser.get(f"/case/{sorted_case}/path").text
        assert "We order ten boxes" in page
        assert "agent: classify" in page
        assert " ms" in page


def desk_journal(desk: Desk, number: int) -> set[str]:
    from tests.flows.offices import case

    return set(case(desk.runtime, number).journal)


def test_a_case_that_is_for_others_shows_no_path(tmp_path: Path) -> None:
    from tests.inbox.desks import FLOWS, make_desk

    hidden = FLOWS["sort"].replace("steps:", "visible_to: [accounting]\n        steps:", 1)
    desk = make_desk(tmp_path, flows={**FLOWS, "sort": hidden})
    (number,) = arrive(desk.runtime, "sort", "We order ten boxes")
    work(desk.runtime)
    assert desk.browser("anna").get(f"/case/{number}/path").status_code in (403, 404)
    assert desk.browser("petra").get(f"/case/{number}/path").status_code == 200
    desk.runtime.close()


def test_the_page_of_a_flow_shows_its_versions_and_goes_back(desk: Desk) -> None:
    change(desk, "content: saved", "content: kept")
    old, new = current(desk)
    assert desk.browser("anna").get("/admin/flows/keep").status_code == 403
    petra = desk.browser("petra")
    page = petra.get("/admin/flows/keep").text
    assert "-    with: {name: &#34;note-{{ file.name }}&#34;, content: saved}" in page
    assert old in page
    assert new in page
    assert "Back to this version" in petra.get(f"/admin/flows/keep?version={old}").text
    assert "Back to this version" not in desk.browser("karl").get(f"/admin/flows/keep?version={old}").text
    assert desk.browser("karl").post("/admin/flows/keep/rollback", version=old).status_code == 403
    assert petra.post("/admin/flows/keep/rollback", version=old).status_code == 200
    assert "content: saved" in (desk.runtime.office.directory / "flows" / "keep.yaml").read_text()
    assert petra.get("/admin/flows/none").status_code == 404


def test_a_change_that_waits_is_agreed_to_on_the_page(desk: Desk) -> None:
    office = desk.runtime.office.directory / "office.yaml"
    office.write_text(office.read_text() + "flow_changes: four-eyes\n")
    change(desk, "content: saved", "content: kept")
    petra = desk.browser("petra")
    page = petra.get("/admin/flows/keep").text
    assert "not in use" in page
    petra.post("/admin/flows/keep/approve", version=current(desk)[-1])
    shipping.shipped(shipping.current(desk.runtime.office.directory), desk.runtime.database)
    assert "not in use" not in petra.get("/admin/flows/keep").text


def german(desk: Desk, path: str) -> str:
    page = desk.browser("petra").client.get(path, headers={"accept-language": "de"})
    assert page.status_code == 200
    return html.unescape(page.text)


def test_a_mistake_in_a_file_is_told_with_its_line_until_it_is_mended(desk: Desk) -> None:
    assert "Alles läuft." in german(desk, "/admin")
    (good,) = current(desk)
    change(desk, "action: shelf.save", "acton: shelf.save")
    for page in ("/admin", "/admin/flows/keep"):
        said = german(desk, page)
        assert "flows/keep.yaml:6:5: " in said
        assert "„acton“" in said
        assert "Alles läuft." not in said
    assert "In der Datei ist ein Fehler; der Ablauf arbeitet weiter wie zuvor." in german(desk, "/admin")
    assert "arbeitet der Ablauf mit der Fassung" in said
    assert "Fehler in der Datei" in german(desk, "/admin/flows")
    assert current(desk) == [good]
    change(desk, "acton: shelf.save", "action: shelf.save")
    assert "Alles läuft." in german(desk, "/admin")
    assert "keep.yaml:" not in german(desk, "/admin/flows/keep")


def test_a_flow_that_was_broken_when_the_inbox_was_started_is_told_and_listed(desk: Desk) -> None:
    change(desk, "action: shelf.save", "acton: shelf.save")
    del desk.runtime.office.flows["keep"]
    assert "flows/keep.yaml:6:5: " in german(desk, "/admin")
    assert "/admin/flows/keep" in german(desk, "/admin/flows")


def test_a_new_flow_with_a_mistake_is_told_though_it_never_worked(desk: Desk) -> None:
    (desk.runtime.office.directory / "flows" / "new.yaml").write_text("steps:\n  - acton: shelf.save\n")
    with pytest.raises(ConfigurationError):
        taken_up(desk)
    assert "In der Datei ist ein Fehler.<ul>" in german(desk, "/admin")
    said = german(desk, "/admin/flows/new")
    assert "flows/new.yaml:2:5: " in said
    assert "im Einsatz" not in said


def test_nobody_agrees_to_a_version_with_mistakes_and_they_are_told(desk: Desk) -> None:
    (good,) = current(desk)
    change(desk, "by: service", "by: servise")
    wrong = current(desk)[-1]
    petra = desk.browser("petra")
    page = petra.get("/admin/flows/keep").text
    assert page.count("there is no group or person &#39;servise&#39;") == 2
    assert "servise has fewer" not in page  # only follows from it
    assert "Agree to this change" not in page
    refused = petra.post("/admin/flows/keep/approve", version=wrong)
    assert refused.status_code == 422
    assert f"Version {wrong} has a mistake, so nobody can agree to it" in refused.text
    assert re.findall(r'badge (green|amber)">(?:not )?in use', page) == ["amber", "green"]
    change(desk, "by: servise", "by: service")
    assert current(desk) == [good, wrong, good]
    assert re.findall(r'badge (green|amber)">(?:not )?in use', petra.get("/admin/flows/keep").text) == ["green", "amber"]
    told = petra.get("/api/v1/flows/keep/versions").json()
    assert [c["in_use"] for c in told] == [True, False, False]
