"""No English sentence for a German reader: whatever the source raises or keeps as a reason has its German."""

from __future__ import annotations

import ast
import html
import pathlib
import re
import time

import pytest

from kontorist.inbox.event_words import EVENTS
from kontorist.inbox.sentences import sentences, translated
from kontorist.inbox.texts import texts
from kontorist.reading.german import said_in
from kontorist.store import office_state, tables
from tests.inbox.desks import Desk
from tests.inbox.told import numbered, texts_in, told

PIECES = {
    "{1}, did you mean '{2}'?", "{1}; there are: {2}", "{1}; it has: {2}", "{1}; the folder has: {2}",
    "not a whole number", "not a number", "not a date", "not yes or no", "does not answer",
    "{1}: step {2}: {3}", "{1}:{2}: '{3}' is '{4}', {5}", "{1}: it became no case; look into it, then delete it",
    "The same is already prepared or done: action {1}.", "There is nothing in {1} for {2}.",
    "Connection refused", "[Errno 111] Connection refused", "Connection timed out", "timed out", "Input/output error",
    "unknown step '{1}'{2}", "this step does nothing; it needs one of {1}", "a step is one thing; this one has {1}",
    "a step is a mapping such as `- agent: classify`", "is not valid YAML: a quotation mark is opened on this line and not closed",
    "Is a directory", "Not a directory", "No space left on device", "No such file or directory", "Permission denied",
    "Read-only file system",
}  # fmt: skip
"""Words of the system, and pieces put together in ways that the collection does not see."""
STATES = ("proposed", "approved", "claimed", "committing", "done", "refused", "uncertain", "rejected", "withdrawn")
PIECES |= {f"Action {{1}} is {s} already." for s in STATES}
PIECES |= {f"Action {{1}} is {s}; only what is approved and has not run yet can be taken back." for s in STATES}
PLACE = re.compile(r"\{\d+\}")

FOR_ADMINS = {
    "agents/_draft/knowledge.py": "a mistake in the folder of knowledge, found by `check`",
    "agents/model.py": "a mistake in office.yaml, found by `check`",
    "connectors/accounting/extf_files.py": "reading DATEV files on the command line",
    "connectors/mail/loopback.py": "`kontorist login`",
    "flows/compare.py": "`kontorist compare`",
    "flows/deploy.py": "`kontorist deploy`",
    "flows/discover_flow.py": "`kontorist discover`",
    "flows/evaluate.py": "`kontorist eval`",
    "flows/flowtest.py": "`kontorist check`",
    "flows/intake.py": "a mistake in a flow, found by `check`",
    "flows/notify.py": "the log of notifications",
    "flows/prefect_server.py": "start of the program",
    "flows/shadow.py": "`kontorist shadow`",
    "flows/shipping.py": "the log of `kontorist up`",
    "flows/signals.py": "start of the program",
    "flows/simulate.py": "`kontorist simulate`",
    "flows/starters.py": "`kontorist init`",
    "flows/up.py": "`kontorist up`",
    "kontorist/core/permit.py": "a defect in a plug-in",
    "kontorist/inbox/api/": "answers to programs",
    "kontorist/inbox/hooks.py": "answers to programs",
    "kontorist/inbox/metrics.py": "answers to programs",
    "kontorist/store/backup.py": "`kontorist backup`",
    "kontorist/store/copying.py": "`kontorist move`",
    "kontorist/store/corrections.py": "`kontorist agents examples`",
    "kontorist/store/database.py": "start of the program",
    "kontorist/store/instance.py": "`kontorist adopt`; the inbox says it in words of its own",
    "kontorist/store/moving.py": "`kontorist move`",
    "kontorist/store/replies.py": "`kontorist agents examples`",
    "kontorist/store/restore.py": "`kontorist restore`",
    "kontorist/store/sample.py": "`kontorist demo`",
}
TO_PROGRAMS = re.compile(
    r", did you mean|Only application/json|The signature is|Too many deliveries|The header \{1\} with|The time of sending|A simulation |an empty reply|"
    r"[^{]*\{\}"
)
"""What a web hook answers to the program that posts, what `simulate` says, why a model is asked once more, and pieces."""


def expected() -> dict[str, str]:
    """The sentences that the office reads, with their places; those written in German already are left out."""
    return {
        text: place
        for text, place in told().items()
        if not place.startswith(tuple(FOR_ADMINS)) and not TO_PROGRAMS.match(text) and not is_german(text)
    }


def filled(text: str) -> str:
    """With a number as each value, as most of the reasons of `kontorist.reading` have one."""
    return re.sub(r"'?\{\d+\}'?", lambda found: found[0] if found[0] == "'7'" else "'7'" if "'" in found[0] else "7", text)


def is_german(text: str) -> bool:
    return bool(re.search(r"\b(der|die|das|ist|nicht|Kommen|Der|Die|kommen|Für|hat|Frage|steht|bleiben|Legt)\b", text))


def test_every_sentence_that_is_raised_or_kept_has_its_german():
    own, known = texts("de")._messages, sentences("de")
    without = [f"{place}: {text}" for text, place in expected().items() if text not in own and text not in known]
    assert [one for one in without if said_in("de", filled(one)) == filled(one)] == []
    assert len(expected()) > 250


def test_no_german_is_left_of_a_sentence_that_nobody_says():
    assert set(sentences("de")) - set(told()) - PIECES == set()


def test_every_list_of_what_is_for_admins_only_names_files_that_say_something():
    places = told().values()
    assert [file for file in FOR_ADMINS if not any(p.startswith(file) for p in places)] == []


def test_the_german_has_values_of_the_english_only_and_no_english_or_technical_word():
    for english, german in sentences("de").items():
        assert set(PLACE.findall(german)) <= set(PLACE.findall(english)), english
        words = re.sub(r"`[^`]*`|'[^']*'", "", german)
        assert not re.findall(r"(?i)\b(the|is|not|payload|timeout|token|retry|error|cannot|lease)\b", words), german


def test_each_sentence_is_known_by_its_own_pattern_and_keeps_its_values():
    for english, german in sentences("de").items():
        if "}{" in english:
            continue  # nothing tells where the first of the two values ends
        said, wanted = (PLACE.sub(lambda found: f"w{found[0][1:-1]}", one) for one in (english, german))
        assert translated("de", said) == wanted
        if re.match(r"[A-Z]", english) and english.endswith("."):  # a whole one, as it stands on a case or an action
            assert translated("de", f"{said} (tried 8 times)") == f"{wanted} (8-mal versucht)"
            assert translated("de", f"pay: step post: {said}") == f"pay: Schritt post: {wanted}"
        assert translated("en", said) == said


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (
            "pay: step post: The books' folder /x cannot be written: Permission denied. (tried 8 times)",
            "pay: Schritt post: In den Ordner der Buchhaltung /x kann nicht geschrieben werden: Zugriff verweigert. (8-mal versucht)",
        ),
        (
            "orders.csv:17: 'Datum' is '31.02.2026', not a date",
            "orders.csv, Zeile 17: „Datum“ ist „31.02.2026“, kein Datum",
        ),
        (
            "orders.csv:9: has 3 fields, the headings are 5; the row is left out",
            "orders.csv:9: hat 3 Felder, Überschriften sind es 5; die Zeile wird ausgelassen",
        ),
        (
            "The table orders has no column 'numer', did you mean 'number'?",
            "Die Tabelle orders hat keine Spalte „numer“, meinten Sie „number“?",
        ),
        (
            "The file o.csv of the table 'o' is not in /erp; the folder has: a.csv Run the ERP's export again or mend 'file' in connections.yaml.",
            "Die Datei o.csv der Tabelle „o“ liegt nicht in /erp; im Ordner liegen: a.csv. Exportieren Sie noch einmal aus dem ERP, oder berichtigen Sie 'file' in connections.yaml.",
        ),
        (
            "The file o.csv of the table 'o' is not in /erp; the folder has: a.csv Run the ERP's export again or mend 'file' in connections.yaml. (tried 8 times)",
            "Die Datei o.csv der Tabelle „o“ liegt nicht in /erp; im Ordner liegen: a.csv. Exportieren Sie noch einmal aus dem ERP, oder berichtigen Sie 'file' in connections.yaml. (8-mal versucht)",
        ),
        (
            "flows/a.yaml:6:5: unknown step 'agnet', did you mean 'agent'?",
            "flows/a.yaml:6:5: Den Schritt „agnet“ gibt es nicht, meinten Sie „agent“?",
        ),
        (
            "flows/a.yaml:6:5: books.post takes no 'invioce', did you mean 'invoice'?",
            "flows/a.yaml:6:5: books.post nimmt kein „invioce“, meinten Sie „invoice“?",
        ),
        (
            "flows/a.yaml:6:5: there is no agent 'x'; there are: draft, reply",
            "flows/a.yaml:6:5: Den Agenten „x“ gibt es nicht; es gibt: draft, reply",
        ),
        ("Action 2 is done already.", "Karte 2 ist schon erledigt."),
        (
            "Action 2 is refused; only what is approved and has not run yet can be taken back.",
            "Karte 2 wurde außen zurückgewiesen; zurücknehmen lässt sich nur, was freigegeben und noch nicht ausgeführt ist.",
        ),
        ("'{1}' is {2}; 'x' needs one.", "„{1}“ passt nicht in „x“: {2}."),
        ("Nobody has ever translated this.", "Nobody has ever translated this."),
        ("Die Mail ist weg.", "Die Mail ist weg."),
    ],
)
def test_reasons_inside_of_sentences_are_translated_and_all_else_stays(english: str, german: str):
    assert translated("de", english) == german


def test_what_has_a_number_and_is_decided_is_called_a_card_everywhere():
    said = [*sentences("de").values(), *texts("de")._messages.values()]
    assert [german for german in said if re.search(r"Aktion (\{|%\()", german)] == []
    assert {texts("de").gettext(EVENTS[f"action.{e}"]) for e in ("approved", "done")} == {"Karte freigegeben", "Karte ausgeführt"}


def test_a_hostile_text_takes_no_time():
    begin = time.process_time()
    translated("de", "The table " + "' has no column '" * 200 + ": " * 400 + "is")
    assert time.process_time() - begin < 2


def test_the_collection_sees_every_way_of_writing_a_sentence():
    source = """
class C:
    def a(self):
        raise Rejected(f"The {x} is {y!r}." if x else "Nothing is there.") from None
    def b(self):
        self._problems[p] = f"{p}: is odd today"
        self.problems.append("A thing" + f" of {x}.")
    def c(self) -> Iterator[str]:
        yield "It is not so."
    def d(self) -> str:
        return "this goes nowhere" if x else ""
"""
    assert {numbered(pieces) for _, pieces in texts_in(ast.parse(source))} == {
        "The {1} is {2}.", "Nothing is there.", "{1}: is odd today", "A thing of {1}.", "It is not so.",
    }  # fmt: skip


def test_a_german_clerk_reads_german_where_something_was_refused_or_could_not_be_read(desk: Desk):
    refused, uncertain = desk.cards("one", "two")
    with desk.runtime.database.write() as connection:
        for row, state, error in (
            (refused, "refused", "The file of creditors /x cannot be read now: Permission denied. (tried 8 times)"),
            (
                uncertain,
                "uncertain",
                "The program stopped while this was being done, and the outside system shows no trace of it.",
            ),
        ):
            values = {"state": state, "error": error}
            connection.execute(tables.actions.update().where(tables.actions.c.id == row.id).values(values))
        office_state.beat(connection, "scans", "", ["/in/scan.pdf: larger than 50 MB, so it was not taken in"])
        office_state.beat(
            connection, "shelf", "The folder /shelf is not there. Create or mount it, or mend 'path' in connections.yaml."
        )
    german = {"accept-language": "de"}
    page = desk.browser("anna").client
    said = html.unescape(page.get(f"/card/{refused.card}", headers=german).text)
    assert "Die Kreditorendatei /x kann gerade nicht gelesen werden: Zugriff verweigert. (8-mal versucht)" in said
    assert "Das Programm blieb stehen" in page.get(f"/card/{uncertain.card}", headers=german).text
    said = html.unescape(desk.browser("petra").client.get("/admin/connections", headers=german).text)
    assert "/in/scan.pdf: größer als 50 MB und darum nicht übernommen" in said
    assert "Den Ordner /shelf gibt es nicht." in said
    assert "The program stopped" in page.get(f"/card/{uncertain.card}", headers={"accept-language": "en"}).text


def test_every_event_of_the_audit_log_has_words():
    written = {
        kind for file in pathlib.Path("kontorist").rglob("*.py") for kind in re.findall(r'Event\("([a-z.-]+)"', file.read_text())
    }
    assert len(written) > 20
    assert sorted(written - set(EVENTS)) == []
