"""The list: whose cards come first, what is grouped, kept as a filter, found, and hidden."""

from __future__ import annotations

import re
from datetime import timedelta

from kontorist.core.clock import utcnow
from kontorist.store import audit, tables
from kontorist.store.audit import Event
from tests.inbox.desks import Browser, Desk

STOP = [{"code": "iban", "text": "The IBAN is new", "stop": True}]


def order(browser: Browser, path: str = "/") -> list[int]:
    """The cards of a list, from top to bottom."""
    return [int(n) for n in re.findall(r'href="/card/(\d+)" data-row', browser.get(path).text)]


def set_columns(desk: Desk, number: int, **values: object) -> None:
    with desk.runtime.database.write() as connection:
        connection.execute(tables.actions.update().where(tables.actions.c.card == number).values(values))
        audit.append(connection, [Event("action.changed", "test", f"action:{number}", {})])  # as whatever changes one does


def test_what_was_handed_over_leaves_the_list_of_who_gave_it_and_can_still_be_decided_there(desk: Desk):
    first, second = desk.cards("one", "two")
    anna, ole, petra = (desk.browser(n) for n in ("anna", "ole", "petra"))
    anna.decide(first, "hand-over", to="accounting", comment="please look")
    assert order(anna) == [second.id]
    assert first.id in order(anna, "/?tab=others")
    assert order(petra) == [first.id]
    assert set(order(ole)) == {first.id, second.id}  # of both groups
    anna.decide(desk.row(first.id), "approve")
    assert desk.row(first.id).state == "approved"


def test_what_was_given_to_me_comes_first_then_what_says_stop_then_what_is_due(desk: Desk):
    usual, risky, soon, handed = (r.id for r in desk.cards("one", "two", "three", "four"))
    set_columns(desk, risky, risk=2)
    set_columns(desk, soon, due=utcnow() + timedelta(minutes=5))
    ole = desk.browser("ole")
    ole.decide(desk.row(handed), "hand-over", to="anna", comment="yours")
    assert order(desk.browser("anna")) == [handed, risky, soon, usual]
    assert order(desk.browser("anna"), "/?sort=new") == [handed, soon, risky, usual]
    assert order(desk.browser("anna"), "/?risk=stop") == [risky]


def test_cards_are_grouped_by_whom_they_are_about(desk: Desk):
    mail = {"subject": "x", "from": {"name": "Karla", "address": "k@x.example"}, "text": "x"}
    karla, fritz = desk.mail_card(mail), desk.mail_card({**mail, "from": {"name": "Fritz", "address": "f@x.example"}})
    again = desk.mail_card(mail)
    page = desk.browser("anna").get("/?by=who").text
    assert re.findall(r'<h2>(\w+) <span class="dim">(\d)', page) == [("Karla", "2"), ("Fritz", "1")]
    assert order(desk.browser("anna"), "/?by=who") == [karla.id, again.id, fritz.id]


def test_a_filter_is_kept_under_a_name_and_is_ones_own(desk: Desk):
    desk.card()
    anna = desk.browser("anna")
    anna.post("/filters", name="Risky <b>ones</b>", query="/?risk=stop&by=who")
    page = anna.get("/").text
    assert 'href="/?risk=stop&amp;by=who">Risky &lt;b&gt;ones&lt;/b&gt;</a>' in page
    assert "Risky" not in desk.browser("ole").get("/").text
    number = re.search(r"/filters/(\d+)/remove", page)[1]
    desk.browser("ole").post(f"/filters/{number}/remove")
    assert "Risky" in anna.get("/").text
    anna.post(f"/filters/{number}/remove")
    assert "Risky" not in anna.get("/").text


def test_a_filter_leads_nowhere_else(desk: Desk):
    anna = desk.browser("anna")
    for query in ("https://evil.example/?x", "//evil.example/?x", "/admin?x", "javascript:alert(1)"):
        assert "evil" not in anna.post("/filters", name="x", query=query).text
        assert "/admin?x" not in anna.get("/").text


def test_search_finds_the_text_of_mails_and_numbers_and_names(desk: Desk):
    mail = {"subject": "Wo bleibt", "from": {"name": "Jörg Müller", "address": "j@nordwind.example"}, "text": "Auftrag 47001"}
    row, _other = desk.mail_card(mail), desk.card("something else")
    anna = desk.browser("anna")
    for words in ("47001", "muller", "NORDWIND", "auftr 470", "jörg"):
        assert order(anna, f"/?q={words}") == [row.id], words
    assert order(anna, "/?q=47001 something") == []


def test_while_a_search_is_on_the_tabs_count_its_hits_and_an_empty_one_says_where_else_there_are_some(desk: Desk):
    *others, rejected = desk.cards("invoice 1759", "letter 1759", "letter 1800", "rejected 47001")
    for row in others:
        set_columns(desk, row.id, rule={"by": ["accounting"], "count": 1}, deciders="|accounting|")
    anna = desk.browser("anna")
    anna.decide(rejected, "reject", reason="no")
    desk.cards("an order or a complaint 1759", flow="sort")
    shown = {"mine": 0, "others": 2, "asked": 0, "unclear": 1, "failed": 0}
    assert anna.get("/counts?q=1759").json() == shown
    page = anna.get("/?q=1759").text
    assert re.findall(r'data-count="(\w+)">(\d+)<', page) == [(tab, str(n)) for tab, n in {**shown, "done": 0}.items()]
    assert re.findall(r'class="button plain" href="([^"]+)">([\w ]+) <', page) == [
        ("/?tab=others&amp;q=1759", "With others"),
        ("/?tab=unclear&amp;q=1759", "Unclear"),
    ]
    assert 'href="/?tab=done&amp;q=47001">Done <span class="count">2<' in anna.get("/?q=47001").text  # both actions of the card
    assert '<h1 class="heard">Inbox: To decide</h1>' in page
    assert "Try fewer words" in anna.get("/?q=nobody").text
    assert "Nothing found" in anna.get("/?tab=done&q=nobody").text


def test_of_many_hits_in_the_past_it_is_said_that_there_are_more(desk: Desk, monkeypatch):
    monkeypatch.setattr("kontorist.inbox.listing.MOST", 1)
    desk.cards("order or complaint one", "order or complaint two", flow="sort")
    assert desk.browser("anna").get("/counts?q=complaint").json()["unclear"] == "1+"


class TestFlowsThatAreNotForEverybody:
    """`visible_to:` of a flow."""

    @staticmethod
    def restricted(desk: Desk) -> int:
        """A case of a flow that only accounting may read; its card is decided by petra alone."""
        desk.runtime.office.flows["keep"].visible_to = ["accounting"]
        row = desk.card("a secret salary", rule={"by": ["accounting"], "count": 1}, deciders="|accounting|")
        set_columns(desk, row.id, deciders="|accounting|", rule={"by": ["accounting"], "count": 1})
        return row.id

    def test_others_neither_list_nor_find_nor_open_them(self, desk: Desk):
        number = self.restricted(desk)
        case = desk.row(number).case_id
        anna = desk.browser("anna")
        for path in ("/?tab=others", "/?q=salary", "/?tab=done", f"/?did=approved&of={number}", "/counts"):
            assert "salary" not in anna.get(path).text.replace('value="salary"', "").replace("q=salary", "")
        assert anna.get("/counts").json()["others"] == 0
        for path in (f"/card/{number}", f"/case/{case}", f"/case/{case}/document/0", f"/case/{case}/document/0/html"):
            assert anna.get(path).status_code == 404, path

    def test_the_group_and_the_auditor_read_them(self, desk: Desk):
        number = self.restricted(desk)
        for name in ("petra", "karl"):
            assert "salary" in desk.browser(name).get(f"/card/{number}").text

    def test_whoever_a_card_is_handed_to_reads_it(self, desk: Desk):
        number = self.restricted(desk)
        desk.browser("petra").decide(desk.row(number), "hand-over", to="anna", comment="please")
        assert "salary" in desk.browser("anna").get(f"/card/{number}").text
        assert order(desk.browser("anna")) == [number]


def test_the_log_has_a_line_for_each_card_by_the_time_of_its_last_decision_with_who_took_it(desk: Desk):
    first, second, third = desk.cards("one", "two", "three")
    anna, ole = desk.browser("anna"), desk.browser("ole")
    anna.decide(third, "approve")
    ole.decide(first, "reject", reason="no")
    anna.decide(second, "approve")
    assert order(anna, "/?tab=done") == [second.id, first.id, third.id]
    page = anna.get("/?tab=done").text
    assert re.findall(r'<span class="amount by">(.*?)</span>', page) == ["Anna", "Ole", "Anna"]
    assert page.count("and then:") == 3


def test_two_who_agreed_are_both_named_in_the_log_and_what_was_reset_is_not_there(desk: Desk):
    (row,) = desk.cards("one", flow="four-eyes")
    (other,) = desk.cards("apple")
    anna, ole = desk.browser("anna"), desk.browser("ole")
    for browser in (anna, ole):
        browser.decide(row, "approve")
        anna.decide(other, "approve")
        anna.post(f"/card/{other.id}/take-back")
    page = anna.get("/?tab=done").text
    assert order(anna, "/?tab=done") == [row.id]
    assert re.findall(r'<span class="amount by">(.*?)</span>', page) == ["Anna, Ole"]
    assert order(anna, "/?tab=done&q=apple") == []
