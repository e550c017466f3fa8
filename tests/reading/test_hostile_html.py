"""HTML that is meant to keep the reader busy, or to pass for something else."""

from __future__ import annotations

import time

import pytest

from kontorist.reading.page import page_text
from kontorist.reading.safe_html import safe_html


@pytest.mark.parametrize("piece", ["<a ", "<!--", '<a x="', "<a/", "</", "<?", "<div>", "<div></b>", "<blockquote><br>"])
def test_a_long_row_of_broken_or_open_tags_is_read_in_no_time(piece: str) -> None:
    started = time.process_time()
    page_text("<p>Hello</p>" + piece * (200_000 // len(piece)))
    safe_html("<p>Hello</p>" + piece * (200_000 // len(piece)))
    assert time.process_time() - started < 30


def test_the_words_in_front_of_a_broken_rest_are_kept() -> None:
    assert page_text("<p>Hello</p>" + "<a x " * 1000).text.startswith("Hello")


def test_what_is_quoted_in_a_quote_keeps_its_depth() -> None:
    text = page_text("new<blockquote>old<blockquote>older</blockquote></blockquote>end").text
    assert [line for line in text.splitlines() if line.strip("> ")] == ["new", "> old", ">> older", "end"]


@pytest.mark.parametrize(
    "link", ['style="color:red" href="https://x.example/"', 'title="https://bank.example" href="https://x.example/"']
)
def test_a_link_is_not_followed_whatever_stands_before_its_address(link: str) -> None:
    shown = safe_html(f"<a {link}>here</a>")
    assert "href" not in shown
    assert shown.startswith('<a title="https://x.example/"')
