"""The flow mailroom over all mails of the sample office, compared with what a person would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.simulate import simulate
from kontorist.core.office import load_office
from kontorist.reading.mail import parse_mail
from tests.content.truth import MAILS, OFFICE, TRUTH

# what the warnings about a mail say in German
SAYS = {"hidden-text": "nicht sieht", "reply-to": "Antworten gingen an", "charset": "Zeichensatz"}
STOPS = {"unknown-vendor", "not-our-company", "iban-changed", "bank-change-announced", "sender-look-alike"}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    found = simulate(load_office(OFFICE), tmp_path_factory.mktemp("data"), "mailroom", [MAILS])
    by_file = {Path(one["source"].partition("#")[0]).name: one for one in found}
    return [(row, by_file[row["file"]]) for row in TRUTH]


def step(result, name):
    return next((s for s in result["steps"] if s["id"] == name), None)


def label(result):
    topic = step(result, "topic")
    return (topic["output"] or {}).get("label") if topic else None


def proposed(result):
    return [p["action"] for p in result["proposals"]]


def replies(results):
    return [(row, p["payload"]) for row, result in results for p in result["proposals"] if p["action"] == "mailbox.reply"]


def table(pairs):
    """The misses, a line each; pytest prints it when the assertion fails."""
    return "\n".join(
        f"{row['file'][:45]:45} expected {row['label']!s:12} {row['outcome']:8} "
        f"got {label(result)!s:12} {result['state']:8} {' '.join(proposed(result)):27} {(result['error'] or '')[:90]}"
        for row, result in pairs
    )


def test_every_mail_ends_as_a_case(results):
    failed = [(row, result) for row, result in results if result["state"] not in {"waiting", "unclear", "done"}]

    assert not failed, table(failed)


def test_nine_labels_in_ten_are_right(results):
    misses = [(row, result) for row, result in results if label(result) not in {row["label"], *row.get("also", ())}]

    print(table(misses))
    assert len(misses) <= len(results) / 10, table(misses)


def test_nothing_else_is_proposed_than_what_a_person_would_do(results):
    wrong = [(row, result) for row, result in results if result["proposals"] and proposed(result) != row["actions"]]

    assert not wrong, table(wrong)


def test_four_in_five_of_the_mails_with_something_to_do_are_prepared(results):
    wanted = [(row, result) for row, result in results if row["actions"]]
    left = [(row, result) for row, result in wanted if proposed(result) != row["actions"]]

    print(table(left))
    assert len(wanted) > 50
    assert len(left) <= len(wanted) / 5, table(left)


def test_mails_of_machines_are_over_at_once(results):
    machines = [(row, result) for row, result in results if row["outcome"] == "stopped"]

    assert len(machines) == 2
    assert [(row, result) for row, result in machines if result["state"] != "done" or step(result, "topic")] == []


def test_answers_about_orders_name_the_order_asked_about_and_no_other(results):
    answers = [(row["file"], row["order_number"], body["body"]) for row, body in replies(results) if "order_number" in row]

    assert len(answers) >= 10
    assert [name for name, number, text in answers if number not in text] == []


def test_orders_have_the_lines_that_stand_in_them(results):
    orders = [
        (row["file"], [[line["article_number"], line["quantity"]] for line in p["payload"]["rows"]], row["lines"])
        for row, result in results
        for p in result["proposals"]
        if p["action"] == "erp.import"
    ]

    assert len(orders) == 4
    assert [(name, found) for name, found, lines in orders if found != lines] == []


def test_answers_go_to_the_sender_alone_whatever_the_mail_says(results):
    answers = [
        (row["file"], parse_mail((MAILS / row["file"]).read_bytes()).sender.address, body) for row, body in replies(results)
    ]

    assert [name for name, sender, body in answers if body["to"] != [sender] or body["cc"]] == []
    assert [name for name, _, body in answers if "office-audit" in body["body"] or "4,900" in body["body"]] == []


def test_answers_are_in_the_language_of_the_mail(results):
    answers = [(row["file"], row["language"], body["body"]) for row, body in replies(results)]

    assert [
        name for name, language, text in answers if ("Your team" in text or "Kind regards" in text) != (language == "en")
    ] == []


def test_a_mail_full_of_riddles_comes_with_its_warning(results):
    riddles = [
        (row["file"], code, [w["text"] for p in result["proposals"] for w in p["warnings"]])
        for row, result in results
        if result["proposals"]
        for code in set(row.get("warnings", ())) & set(SAYS)
    ]

    assert {code for _, code, _ in riddles} == set(SAYS)
    assert [(name, code) for name, code, texts in riddles if not any(SAYS[code] in text for text in texts)] == []


def test_a_posting_has_the_warnings_that_it_needs_and_no_others(results):
    postings = [
        (row, {w["code"]: w["stop"] for w in p["warnings"]})
        for row, result in results
        for p in result["proposals"]
        if p["action"] == "books.post"
    ]

    assert len(postings) >= 15
    assert [(row["file"], sorted(codes)) for row, codes in postings if sorted(codes) != row["warnings"]] == []
    assert {code for _, codes in postings for code, stop in codes.items() if stop} == STOPS
