"""YAML with places: what is wrong is shown where it stands, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontorist.core.check import check
from kontorist.core.yamlfile import YamlFile, fill_secrets, read_yaml

OFFICE = "company: {name: Muster GmbH}\ngroups: {service: {}}\npeople:\n  anna: {name: Anna, groups: [service]}\n"
CONNECTIONS = 'scans: {connector: folder, path: "data:scans"}\nshelf: {connector: folder, path: "data:shelf"}\n'
FLOW = """\
trigger: {file: {connection: scans}}
steps:
  - id: note
    action: shelf.save
    with: {name: "{{ file.name }}", content: "{{ file.text }}"}
    approve: {by: service}
"""


def read(tmp_path: Path, text: str | bytes) -> YamlFile:
    path = tmp_path / "x.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_yaml(path, "x.yaml")


def problems(tmp_path: Path, flow: str = FLOW, office: str = OFFICE, connections: str = CONNECTIONS) -> list[str]:
    """What `check` says of an office, without the folder's name."""
    folder = tmp_path / "office"
    (folder / "flows").mkdir(parents=True)
    (folder / "office.yaml").write_text(office)
    (folder / "connections.yaml").write_text(connections)
    (folder / "flows" / "n.yaml").write_text(flow)
    return [str(p).replace(f"{folder}/", "") for p in check(folder)]


def test_plain_data_comes_back_with_yaml_1_2_types(tmp_path: Path) -> None:
    text = "a: no\nb: true\nc: 12:30\nd: 1\ne: 1.5\nf: null\ng: 2026-11-20\nh: 0x1F\ni: [on, 007]\nj:\n"
    assert read(tmp_path, text).data == {
        "a": "no", "b": True, "c": "12:30", "d": 1, "e": 1.5, "f": None, "g": "2026-11-20", "h": "0x1F", "i": ["on", 7], "j": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3:1: the key 'a' stands here twice"),
        ("a:\n  b: 1\n  b: 2\n", "x.yaml:3:3: the key 'b' stands here twice"),
        ("a:\n\t- b\n", "x.yaml:2:1: is not valid YAML"),
        ("a: [1, 2\nb: 3\n", "x.yaml:2:2: is not valid YAML"),
        ("a: 'x\n", "x.yaml:2:1: is not valid YAML"),
        ("a: !!python/object/apply:os.system ['true']\n", "x.yaml:1:4"),
        ("a: *b\n", "x.yaml:1:4: is not valid YAML"),
        (b"a: 1\nb: M\xfcller\n", "x.yaml:2:1: is not UTF-8"),
        ("a: 1\n---\nb: 2\n", "is not valid YAML"),
        ("a: \0\n", "is not valid YAML"),
    ],
)
def test_what_is_wrong_is_shown_where_it_stands(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert said in "\n".join(map(str, read(tmp_path, text).problems))


def test_a_byte_order_mark_and_an_empty_file_are_fine(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfa: 1\n").data == {"a": 1}
    assert (read(tmp_path, "").data, read(tmp_path, "").problems) == (None, [])
    assert "cannot be read" in str(read_yaml(tmp_path / "none.yaml", "none.yaml").problems[0])


def test_many_aliases_do_not_fill_the_machine(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    found = read(tmp_path, "\n".join(lines))
    assert found.problems


def test_a_list_that_contains_itself_is_a_problem(tmp_path: Path) -> None:
    assert read(tmp_path, "a: &a [*a]\n").problems


def test_secrets_come_from_the_environment(tmp_path: Path) -> None:
    file = read(tmp_path, 'a: ${ONE}\nb: ["x-${TWO}-y"]\nc: 1\n')
    assert fill_secrets(file.data, file, environment={"ONE": "${TWO}", "TWO": "2"}) == {"a": "${TWO}", "b": ["x-2-y"], "c": 1}
    fill_secrets(file.data, file, environment={})
    assert [str(p)[:12] for p in file.problems] == ["x.yaml:1:4: ", "x.yaml:2:5: "]
    assert "set the environment variable ONE" in str(file.problems[0])


def test_a_good_office_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "action: shelf.save",
            "action: shelf.sav",
            "flows/n.yaml:4:13: the connection 'shelf' has no action 'sav', did you mean 'save'?",
        ),
        ("action: shelf", "action: shelv", "flows/n.yaml:4:13: there is no connection 'shelv', did you mean 'shelf'?"),
        ("action: shelf.save", "acton: shelf.save", "flows/n.yaml:4:5: unknown step 'acton', did you mean 'action'?"),
        ("by: service", "by: servise", "there is no group or person 'servise', did you mean 'service'?"),
        ("content:", "contend:", "shelf.save takes no 'contend', did you mean 'content'?"),
        ("{{ file.text }}", "{{ file.text }", "flows/n.yaml:5:"),
        ("{{ file.text }}", "{{ fil.text }}", "fil"),
        ("connection: scans", "connection: scanz", "flows/n.yaml:1:30: there is no connection 'scanz', did you mean 'scans'?"),
        ("steps:", "stepps:", "unknown option 'stepps', did you mean 'steps'?"),
        ("approve: {by: service}", "approve: {}", "shelf.save has nobody who may approve it"),
        ("approve: {by: service}", "approve: {by: service, count: 2}", "2 people must approve, but service has fewer"),
        ("approve: {by: service}", "approve: {by: service, expires: soon}", "'soon' is not a duration"),
        ("id: note", "id: file", "'file' is a name that every flow has already"),
        ("id: note", "id: Note!", "flows/n.yaml:3:9"),
        ("trigger: {file: {connection: scans}}", "trigger: {schedule: every day}", "is not a cron expression"),
        ("trigger: {file: {connection: scans}}", "trigger: {}", "a flow has exactly one trigger"),
        (FLOW, "steps: []\n", "flows/n.yaml:1:8"),
        (FLOW, "", "is empty"),
        (FLOW, "- a\n", "flows/n.yaml:1:1"),
        (FLOW, "steps:\n  - use: n\n", "it would never end"),
        (FLOW, "steps:\n  - {stop: x, ask: y}\n", "a step is one thing"),
        (FLOW, "steps:\n  - {id: x}\n", "this step does nothing"),
    ],
)
def test_a_flow_with_a_mistake_says_where_and_what(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in FLOW
    assert said in "\n".join(problems(tmp_path, FLOW.replace(before, after)))


@pytest.mark.parametrize(
    ("office", "connections", "said"),
    [
        (
            OFFICE.replace("[service]", "[servic]"),
            CONNECTIONS,
            "office.yaml:4:31: there is no group 'servic', did you mean 'service'?",
        ),
        (OFFICE.replace("company", "compani"), CONNECTIONS, "unknown option 'compani', did you mean 'company'?"),
        (OFFICE.replace("company: {name: Muster GmbH}", ""), CONNECTIONS, "'company' is missing"),
        (OFFICE + "model: gpt\n", CONNECTIONS, "there is no model 'gpt'"),
        (
            OFFICE,
            CONNECTIONS.replace("folder", "folde", 1),
            "connections.yaml:1:20: there is no connector 'folde', did you mean 'folder'?",
        ),
        (OFFICE, CONNECTIONS.replace("path", "pth", 1), "connections.yaml:1"),
        (OFFICE, CONNECTIONS + "x: {connector: mail, password: geheim}\n", "stands here in clear"),
        (
            OFFICE,
            CONNECTIONS + "x: {connector: http, url: 'https://me:geheim@h.example/api'}\n",
            "connections.yaml:3:22: this address holds a password",
        ),
        (
            OFFICE,
            CONNECTIONS + "x: {connector: http, url: 'https://h.example/api?a=1&token=geheim'}\n",
            "this address holds a token",
        ),
        (
            OFFICE,
            CONNECTIONS + "x: {connector: sql, dsn: 'Server=db;User Id=me;Password=geheim'}\n",
            "this connection string holds a password",
        ),
        (OFFICE, CONNECTIONS + "x: {connector: sql, dsn: 'postgresql://me:geheim@db/erp'}\n", "this address holds a password"),
        (OFFICE, CONNECTIONS + "x: {connector: http, headers: {Authorization: Bearer abc}}\n", "this header holds a secret"),
        (OFFICE, CONNECTIONS + "x: {connector: y, several: [{token: abc}]}\n", "'token' stands here in clear"),
        (
            OFFICE + "notify: {channels: {a: {url: 'mailto://me:geheim@h.example', for: [service]}}}\n",
            CONNECTIONS,
            "this address holds a password",
        ),
        (OFFICE, CONNECTIONS + "x: 1\n", "needs a `connector:`"),
    ],
)
def test_an_office_with_a_mistake_says_where_and_what(tmp_path: Path, office: str, connections: str, said: str) -> None:
    assert said in "\n".join(problems(tmp_path, office=office, connections=connections))


def test_the_mark_stands_below_the_word_in_a_text_of_many_lines(tmp_path: Path) -> None:
    flow = FLOW.replace('content: "{{ file.text }}"}', 'content: "x {{ file.text }} {{ file.texd }}"}')
    assert flow != FLOW
    line = next(n for n in flow.splitlines() if "texd" in n)
    assert any(f"flows/n.yaml:5:{line.index('file.texd') + 1}: file.texd" in p for p in problems(tmp_path, flow))


def test_a_secret_in_an_address_of_a_flow_is_found_at_its_line(tmp_path: Path) -> None:
    flow = FLOW.replace("{{ file.text }}", "https://me:geheim@h.example/x", 1)
    assert flow != FLOW
    line = flow[: flow.index("geheim")].count("\n") + 1
    assert any(f"flows/n.yaml:{line}:" in p and "this address holds a password" in p for p in problems(tmp_path, flow))


@pytest.mark.parametrize(
    "harmless",
    [
        "https://me:${PASSWORD}@h.example", "https://h.example/?token=${TOKEN}", "https://h.example:8443/a@b", "Password=${P};User=x;a=b",
        "Your password: geheim", "https://h.example/?q=token", "mailto:me@h.example", "https://h.example/?token={{ row.token }}",
    ],
)  # fmt: skip
def test_what_is_no_secret_is_not_called_one(harmless: str) -> None:
    from kontorist.core import secrets
    from kontorist.core.yamlfile import YamlFile

    file = YamlFile("x.yaml")
    secrets.in_clear({"a": harmless}, (), file)
    secrets.in_flow({"a": harmless}, file)
    assert file.problems == []


def test_every_problem_is_shown_at_once_in_order(tmp_path: Path) -> None:
    flow = FLOW.replace("shelf.save", "shelf.sav").replace("service", "servise").replace("scans", "scanz")
    found = problems(tmp_path, flow, OFFICE.replace("[service]", "[servic]"), CONNECTIONS.replace("folder", "folde", 1))
    assert len(found) >= 5
    assert [f.split(":")[0] for f in found] == sorted(f.split(":")[0] for f in found)
    assert all(f.split(":")[1].isdigit() and f.split(":")[2].isdigit() for f in found)


CONTENT = FLOW.replace("shelf.save", "mailbox.send").replace("{name:", '{to: "%s", subject:').replace("content:", "body:")
MAILBOX = CONNECTIONS + 'mailbox: {connector: mail, transport: maildir, path: "data:m", from: "a@b.example"}\n'


@pytest.mark.parametrize(
    ("before", "recipient", "said"),
    [
        ("", "{{ file.text }}", "file is read from content"),
        ('  - set: {a: "{{ file.text }}"}\n  - set: {b: "{{ a }}"}\n', "{{ b }}", "b is read from content"),
        ("  - {id: a, agent: extract, text: x, fields: {mail: {type: text}}}\n", "{{ a.mail }}", "a is read from content"),
        ('  - set: {a: "x@y.example"}\n', "{{ a }}", ""),
    ],
)
def test_who_gets_something_does_not_come_out_of_content(tmp_path: Path, before: str, recipient: str, said: str) -> None:
    flow = (CONTENT % recipient).replace("steps:\n", f"steps:\n{before}")
    found = problems(tmp_path / "a", flow, connections=MAILBOX)
    assert ("decides who gets it" in "".join(found), said in "".join(found)) == (bool(said), True)
    declared = flow.replace("    approve:", "    recipient_from: content\n    approve:")
    assert problems(tmp_path / "b", declared, connections=MAILBOX) == []


def test_a_used_flow_gets_no_recipient_out_of_content(tmp_path: Path) -> None:
    used = 'parameters: {to: ""}\n' + (CONTENT % "{{ to }}").split("\n", 1)[1]
    problems(tmp_path, "steps:\n  - stop: x\n", connections=MAILBOX)
    folder = tmp_path / "office" / "flows"
    (folder / "used.yaml").write_text(used.replace("file.name", "'x'").replace("file.text", "'y'"))
    (folder / "n.yaml").write_text('steps:\n  - use: used\n    with: {to: "{{ mail.new_text }}"}\n')
    assert ["n.yaml:3:16" in str(p) and "takes from 'to' who gets something" in str(p) for p in check(tmp_path / "office")] == [
        True
    ]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("  - stop: x\n  - ask: y\n", "n.yaml:3:5: this step is never reached"),
        (
            "  - when: file.size\n    steps: [{stop: x}]\n    otherwise: [{stop: y}]\n  - ask: y\n",
            "n.yaml:5:5: this step is never",
        ),
        ("  - when: file.size\n    steps: [{stop: x}]\n  - ask: y\n", ""),
    ],
)
def test_a_step_that_is_never_reached_is_said(tmp_path: Path, steps: str, said: str) -> None:
    found = "".join(problems(tmp_path, f"steps:\n{steps}"))
    assert (said in found, bool(found)) == (True, bool(said))


def test_the_columns_of_each_row_are_known(tmp_path: Path) -> None:
    folder = tmp_path / "office" / "erp"
    folder.mkdir(parents=True)
    (folder / "orders.csv").write_text("number;shipped_on\n1;2026-11-01\n")
    erp = CONNECTIONS + "erp: {connector: erp_csv, folder: erp, tables: {orders: {file: orders.csv, key: number}}}\n"
    flow = 'steps:\n  - {id: rows, lookup: erp.orders, many: true}\n  - each: rows\n    as: order\n    steps: [{stop: "{{ order.shiped_on }}"}]\n'
    (folder.parent / "flows").mkdir()
    for name, text in (("office.yaml", OFFICE), ("connections.yaml", erp), ("flows/n.yaml", flow)):
        (folder.parent / name).write_text(text)
    (found,) = map(str, check(folder.parent))
    assert found.endswith("n.yaml:5:24: order.shiped_on: 'order' has no 'shiped_on', did you mean 'shipped_on'?")
