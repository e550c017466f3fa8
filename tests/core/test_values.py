"""Values as they are stored, permits, the registry."""

from __future__ import annotations

import copy
import json
import pickle
import sys
import types
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kontorist.core import registry
from kontorist.core.audit import GENESIS, event_hash, hash_of_written_event
from kontorist.core.errors import ConfigurationError, KontoristError, NotApproved, Stale
from kontorist.core.permit import Permit, issue
from kontorist.core.values import canonical, decode, dumps, encode, plain, sha256
from kontorist.testing import permit_for

TEXT = st.text(st.characters(codec=None))
"""Any text, half surrogates and NUL too."""
ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=2))])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, -(2**63) - 1, 2**64, 10**30])
    | st.floats(allow_nan=False)
    | TEXT
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes(timezones=ZONES)
)
KEYS = TEXT | st.sampled_from(["$", "v", "decimal", "int", "dict"])
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15)
PAYLOADS = st.dictionaries(KEYS, TEXT | st.integers() | st.booleans() | st.lists(TEXT) | st.dictionaries(KEYS, TEXT), max_size=5)


def same(a: object, b: object) -> bool:
    """Equal and of equal types, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_the_journal_gives_back_equal_values_of_equal_types(value: object) -> None:
    text = encode(value)
    text.encode()
    assert same(decode(text), value)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", 1j, [lambda: None]])
def test_what_is_no_value_is_refused(value: object) -> None:
    for store in (encode, plain):
        with pytest.raises(TypeError):
            store(value)


@settings(max_examples=200, deadline=None)
@given(PAYLOADS)
def test_a_payload_has_one_form_whatever_the_order(payload: dict) -> None:
    data = canonical(payload)
    assert canonical(dict(reversed(payload.items()))) == data
    assert json.loads(data) == payload
    assert canonical(json.loads(data)) == data
    assert permit_for(payload).payload == payload


@settings(max_examples=200, deadline=None)
@given(PAYLOADS, PAYLOADS)
def test_different_payloads_have_different_hashes(one: dict, two: dict) -> None:
    assert (sha256(canonical(one)) == sha256(canonical(two))) == (dumps(one, sort_keys=True) == dumps(two, sort_keys=True))


def test_payloads_are_plain() -> None:
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC)
    payload = {"b": Decimal("12.30"), "a": date(2026, 11, 20), "c": moment, "d": 0.1 + 0.2, "e": (1, None)}
    text = '{"a":"2026-11-20","b":"12.30","c":"2026-11-20T12:00:00+00:00","d":0.3,"e":[1,null]}'
    assert canonical(payload).decode() == text
    assert canonical({"x": Decimal("1E+3")}) == b'{"x":"1000"}'


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1E+999999", "1E-999999", "sNaN"])
def test_what_is_no_amount_is_in_no_payload(number: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        canonical({"x": Decimal(number)})
    assert same(decode(encode(Decimal("1E+999999"))), Decimal("1E+999999"))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_is_in_no_payload(number: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        canonical({"x": number})


def test_the_hash_of_an_event_depends_on_everything_it_says() -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    base = (GENESIS, 1, at, "kind", "anna", "case:1", {"a": 1})
    others = [
        ("1" * 64, 1, at, "kind", "anna", "case:1", {"a": 1}),
        (GENESIS, 2, at, "kind", "anna", "case:1", {"a": 1}),
        (GENESIS, 1, at + timedelta(microseconds=1), "kind", "anna", "case:1", {"a": 1}),
        (GENESIS, 1, at, "kin", "danna", "case:1", {"a": 1}),
        (GENESIS, 1, at, "kind", "ann", "acase:1", {"a": 1}),
        (GENESIS, 1, at, "kind", "anna", "case:1", {"a": "1"}),
        (GENESIS, 1, at, "kind", "anna", "case:1", {}),
    ]
    assert len({event_hash(*x) for x in [base, *others]}) == 8
    assert event_hash(*base) == event_hash(*base)


@settings(max_examples=300, deadline=None)
@given(VALUES.map(lambda value: {"value": value} if not isinstance(value, dict) else value), TEXT, TEXT, TEXT)
def test_an_event_that_is_written_already_has_the_same_hash(said: dict, kind: str, actor: str, subject: str) -> None:
    try:
        data = plain(said)
    except (TypeError, ValueError):
        data = {"nothing": True}
    at = datetime(2026, 11, 20, tzinfo=UTC)
    written = dumps(data, sort_keys=True)
    for names in ((kind, actor, subject), ("action.done", "flow:mails", "action:1"), ("k", "Jürgen", "s")):
        assert hash_of_written_event(GENESIS, 7, at, *names, written) == event_hash(GENESIS, 7, at, *names, data)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_text_is_what_pythons_encoder_writes(value: object) -> None:
    try:
        data = plain(value)
    except (TypeError, ValueError):
        return
    for by_key in (False, True):
        written = json.dumps(data, ensure_ascii=False, sort_keys=by_key, separators=(",", ":"))
        try:
            written.encode()
        except UnicodeEncodeError:
            written = json.dumps(data, sort_keys=by_key, separators=(",", ":"))
        assert dumps(data, sort_keys=by_key) == written


def test_a_permit_is_not_made_by_hand() -> None:
    data = canonical({"a": 1})
    fields = {"action_id": 1, "key": "k", "attempt": 1, "payload": data, "digest": sha256(data), "fence": lambda: None}
    for issued in (None, object(), Permit, True):
        with pytest.raises(NotApproved):
            Permit(issued, **fields)
    genuine = issue(**fields)
    assert genuine.payload == {"a": 1}
    for forged in (object.__new__(Permit), copy.copy(genuine), pickle.loads(pickle.dumps(genuine))):
        with pytest.raises(NotApproved):
            _ = forged.payload
        with pytest.raises(NotApproved):
            forged.commit()
        with pytest.raises(NotApproved):
            _ = forged.committed


def test_a_permit_is_committed_when_its_fence_lets_it_pass_and_only_once() -> None:
    passed = []
    permit = permit_for({"a": 1}, fence=lambda: passed.append(1))
    assert not permit.committed
    permit.commit()
    assert permit.committed
    with pytest.raises(NotApproved, match="used already"):
        permit.commit()
    assert passed == [1]


def test_a_fence_that_says_no_leaves_the_permit_unused() -> None:
    def no() -> None:
        raise Stale

    permit = permit_for({}, fence=no)
    with pytest.raises(Stale):
        permit.commit()
    assert not permit.committed


def test_errors_have_a_sentence_even_without_one() -> None:
    assert str(Stale()).startswith("What was shown is no longer")
    assert str(KontoristError("other")) == "other"


def test_plug_ins_are_found_without_importing_them() -> None:
    assert {"mail", "folder", "erp_csv", "accounting"} <= set(registry.names("connectors"))
    assert {"classify", "extract", "draft"} <= set(registry.names("agents"))
    assert not {"base", "model", "connections"} & {*registry.names("connectors"), *registry.names("agents")}
    assert registry.load("connectors", "folder").__name__ == "Folder"


def test_an_unknown_plug_in_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"no connector 'fax'; there are: accounting"):
        registry.load("connectors", "fax")
    with pytest.raises(ConfigurationError, match=r"no agent '\.\./x'"):
        registry.load("agents", "../x")


def test_a_module_defines_exactly_one_plug_in() -> None:
    module = types.ModuleType("connectors.none")
    sys.modules["connectors.none"] = module
    try:
        with pytest.raises(ConfigurationError, match="exactly one Connector; it defines 0"):
            registry._plugin_of(module, "connectors")
    finally:
        del sys.modules["connectors.none"]


def test_what_another_program_wrote_with_white_space_is_read_too() -> None:
    assert decode(' {"a": 1}\n') == {"a": 1}
    assert decode('{"a": 1}\n') == {"a": 1}
    with pytest.raises(ValueError, match="Extra data"):
        decode('{"a": 1} x')
