"""On a phone: nothing of the head lies over something else, and the chosen tab is to be seen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.inbox.conftest import Opens

pytestmark = pytest.mark.browser
OVERLAPS = """() => {
  const parts = [...document.querySelectorAll(".top .brand img, .top .brand b, .top nav > *")].filter((e) => e.offsetWidth && getComputedStyle(e).clipPath === "none");
  const at = parts.map((e) => e.getBoundingClientRect());
  return at.slice(1).some((r, i) => r.left < at[i].right - 1) || at.at(-1).right > innerWidth;
}"""
IN_SIGHT = """() => [...document.querySelectorAll(".tabs [aria-current]")].every((e) => {
  const r = e.getBoundingClientRect();
  return r.left >= 0 && r.right <= innerWidth;
})"""


@pytest.mark.parametrize("width", [320, 390, 700, 1280])
def test_the_head_of_an_admins_page_has_room_for_all_in_it(opens: Opens, width: int) -> None:
    page: Any = opens("petra", width=width)

    assert not page.evaluate(OVERLAPS)


@pytest.mark.parametrize(("who", "where"), [("anna", "/?tab=done"), ("petra", "/admin/audit"), ("petra", "/admin/stuck")])
def test_the_chosen_tab_is_to_be_seen(opens: Opens, who: str, where: str) -> None:
    page: Any = opens(who, width=390, height=844, has_touch=True, is_mobile=True)

    page.goto(where)

    assert page.locator(".tabs [aria-current]").count() > 0
    assert page.evaluate(IN_SIGHT)
    assert page.evaluate("scrollY") == 0
