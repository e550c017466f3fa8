"""An office with a past: a mailbox of so many mails, what people answered, where they filed it, and the truth about all that.

python -m scripts.past_mailbox DIR [--mails 2000] [--seed 1]   writes DIR/office, DIR/data and DIR/truth.jsonl
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from scripts.past_phrases import CLOSINGS, GREETINGS, KINDS, NAMES, OTHERS

ROOT = Path(__file__).resolve().parents[1]
OWN = "service@hansen-brandt.example"
SHARES = {
    "order-status": 30, "complaint": 14, "quote": 14, "application": 7, "invoice-copy": 10, "appointment": 9, "other": 4, "newsletter": 12,
}  # fmt: skip
WAYS = {"same": 62, "other_answer": 10, "no_answer": 8, "not_filed": 8, "filed_elsewhere": 6, "unknown_order": 6}
"""What people did with a question about an order; the last one has a number that the ERP does not know."""


@dataclass(frozen=True)
class Truth:
    """What was made, mail by mail: the kind of request, and what a shadow run of order-status has to find."""

    message_id: str
    kind: str
    language: str
    reply: str
    """same, different, only_flow, only_people, or empty for neither."""
    move: str
    hours: float | None
    looked_up: bool


ORDERS = "config/erp/auftraege.csv"
AHEAD = "15.12.2099"
"""The delivery date of every order that has one: a date that is past is promised to nobody, and the past must not depend on today."""


def orders() -> list[dict[str, str]]:
    """The sample office's orders, with delivery dates that are not past."""
    with (ROOT / ORDERS).open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file, delimiter=";"))
    return [{**order, "Liefertermin": order["Liefertermin"] and AHEAD} for order in found]


class World:
    """The mailbox as it is filled."""

    def __init__(self, data: Path, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - the same mailbox for the same seed
        self.box, self.now, self.number = data / "mailbox", datetime.now(UTC).replace(microsecond=0), 0
        self.orders = orders()

    def put(self, folder: str, message: EmailMessage, when: datetime) -> None:
        """A mail into a folder of the Maildir, with its time."""
        place = self.box if folder == "INBOX" else self.box / f".{folder}"
        for part in ("cur", "new", "tmp"):
            (place / part).mkdir(parents=True, exist_ok=True)
        self.number += 1
        path = place / "cur" / f"{int(when.timestamp())}.M{self.number}.past:2,S"
        path.write_bytes(message.as_bytes())
        os.utime(path, (when.timestamp(), when.timestamp()))

    def letter(self, name: str, sender: str, to: str, subject: str, text: str, when: datetime, **headers: str) -> EmailMessage:
        """A mail as programs write it."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = f"{name} <{sender}>", to, subject
        message["Date"] = when.strftime("%a, %d %b %Y %H:%M:%S +0000")
        message["Message-ID"] = f"<past-{self.number}-{self.random.getrandbits(48):x}@{sender.rpartition('@')[2]}>"
        for key, value in headers.items():
            message[key.replace("_", "-")] = value
        message.set_content(text)
        return message


def fill(data: Path, mails: int, seed: int = 1) -> list[Truth]:
    """Fill the mailbox below a data folder; the truth about each mail of others."""
    world = World(data, seed)
    kinds = world.random.choices(list(SHARES), list(SHARES.values()), k=mails)
    return [_one(world, kind) for kind in kinds]


def _one(world: World, kind: str) -> Truth:
    when = world.now - timedelta(minutes=world.random.uniform(3 * 1440, 28 * 1440))
    if kind in ("other", "newsletter"):
        return _noise(world, kind, when)
    language = world.random.choices(("de", "en"), (70, 30))[0]
    if kind == "order-status":
        return _status(world, language, when)
    pick = world.random.choice
    phrases, name = KINDS[kind, language], pick(NAMES)
    sender = f"{name.split()[-1].lower().replace('ö', 'oe').replace('ü', 'ue')}{world.number}@kunde{world.random.randrange(400)}.example"
    mail = _request(world, phrases, language, name, sender, when, q=world.random.randrange(20, 900) * 5)
    answered, filed = world.random.random() < 0.9, world.random.random() < 0.7
    hours = _answer(world, mail, phrases.answer, language, when) if answered else None
    world.put("Erledigt" if filed else "INBOX", mail, when)
    return Truth(_id(mail), kind, language, "only_people" if answered else "", "only_people" if filed else "", hours, False)


def _status(world: World, language: str, when: datetime) -> Truth:
    way = world.random.choices(list(WAYS), list(WAYS.values()))[0]
    order = world.random.choice(world.orders)
    number = str(47900 + world.random.randrange(99)) if way == "unknown_order" else order["Auftragsnummer"]
    phrases, name = KINDS["order-status", language], world.random.choice(NAMES)
    mail = _request(world, phrases, language, name, order["E-Mail"], when, n=number)
    text = _from_erp(order, language)
    if way in ("other_answer", "unknown_order"):
        text = {
            "de": "das prüfe ich mit dem Lager und rufe Sie morgen an.",
            "en": "let me ask the warehouse, I will call you tomorrow.",
        }[language]
    hours = _answer(world, mail, text, language, when) if way != "no_answer" else None
    folder = {"no_answer": "INBOX", "not_filed": "INBOX", "filed_elsewhere": "Kunden.Meier"}.get(way, "Erledigt")
    world.put(folder, mail, when)
    reply = {"other_answer": "different", "no_answer": "only_flow", "unknown_order": "only_people"}.get(way, "same")
    move = {"INBOX": "only_flow", "Kunden.Meier": "different"}.get(folder, "only_people" if way == "unknown_order" else "same")
    return Truth(
        _id(mail), "order-status", language, reply, move, hours, way not in ("other_answer", "unknown_order", "no_answer")
    )


def _request(world: World, phrases: Any, language: str, name: str, sender: str, when: datetime, **values: Any) -> EmailMessage:
    pick = world.random.choice
    second = pick(phrases.second)
    said = f"{pick(phrases.first)} {second}".strip().format(**values)
    if "n" in values and str(values["n"]) not in said:
        said += f" ({values['n']})"
    text = f"{pick(GREETINGS[language])}\n\n{said}\n\n{pick(CLOSINGS[language])}\n{name}\n"
    return world.letter(name, sender, OWN, pick(phrases.subjects).format(**values), text, when)


def _from_erp(order: dict[str, str], language: str) -> str:
    """What a person writes who has looked the order up."""
    german = language == "de"
    if order["Status"] == "storniert":
        day = order["Bestelldatum"]
        return f"der Auftrag vom {day} wurde storniert." if german else f"that order of {day} was cancelled."
    parts = []
    if day := order["Versanddatum"]:
        parts.append(f"die Ware ging am {day} raus" if german else f"the goods left our house on {day}")
        if number := order["Sendungsnummer"]:
            parts.append(f"Paketnummer {number}" if german else f"parcel number {number}")
    if day := order["Liefertermin"]:
        parts.append(f"geplant ist der {day}" if german else f"it is planned for {day}")
    if not parts:
        parts.append(f"wir haben Ihren Auftrag vom {order['Bestelldatum']} in Arbeit, noch ohne Termin" if german
                     else f"we work on your order of {order['Bestelldatum']}, there is no date yet")  # fmt: skip
    return ", ".join(parts) + "."


def _answer(world: World, mail: EmailMessage, said: str, language: str, when: datetime) -> float:
    """The answer among the sent mails; some programs write no In-Reply-To, some only References, some nothing."""
    hours = round(min(60.0, world.random.lognormvariate(1.2, 0.9)) + 0.1, 2)
    then = when + timedelta(hours=hours)
    quoted = "".join(f"> {line}\n" for line in mail.get_content().splitlines())
    heading = (
        f"Am {when:%d.%m.%Y} um {when:%H:%M} schrieb {mail['From']}:"
        if language == "de"
        else f"On {when:%d %b %Y} {mail['From']} wrote:"
    )
    closing = "Mit freundlichen Grüßen\nAnna Petersen" if language == "de" else "Kind regards\nAnna Petersen"
    greeting = "Guten Tag," if language == "de" else "Hello,"
    threading = world.random.choices(
        ({"In_Reply_To": mail["Message-ID"], "References": mail["Message-ID"]}, {"References": mail["Message-ID"]}, {}),
        (85, 8, 7),
    )[0]
    prefix = {"de": "AW: ", "en": "Re: "}[language]
    text = f"{greeting}\n\n{said}\n\n{closing}\n\n{heading}\n{quoted}"
    subject = mail["Subject"]
    if not threading and not any(c.isdigit() for c in subject):
        threading = {"In_Reply_To": mail["Message-ID"]}  # an answer that nothing tells apart has no truth
    if not threading:
        subject += f" /{world.number}"
        mail.replace_header("Subject", subject)
    world.put("Sent", world.letter("Hansen & Brandt", OWN, mail["From"], prefix + subject, text, then, **threading), then)
    return hours


def _noise(world: World, kind: str, when: datetime) -> Truth:
    subject, said = world.random.choice(OTHERS)
    headers: dict[str, str] = {}
    if kind == "newsletter":
        subject, said = (
            f"Aktion {world.random.randrange(99)}: bis zu 30 % Rabatt",
            "Nur diese Woche: Hubwagen und Waagen zum Aktionspreis.",
        )
        headers = {"List_Unsubscribe": "<https://news.example/u>", "Precedence": "bulk"}
    sender = f"post{world.number}@{'news' if headers else 'nachbar'}.example"
    mail = world.letter("Post", sender, OWN, subject, f"Guten Tag,\n\n{said}\n", when, **headers)
    world.put("INBOX", mail, when)
    return Truth(_id(mail), kind, "", "", "", None, False)


def _id(mail: EmailMessage) -> str:
    return str(mail["Message-ID"]).strip("<>")


def make(folder: Path, mails: int, seed: int = 1) -> list[Truth]:
    """The sample office with order-status alone at its mailbox, and the mailbox with its past."""
    office = folder / "office"
    shutil.copytree(ROOT / "config", office, ignore=shutil.ignore_patterns("mails", "eval"))
    (office / "mails").mkdir()
    rows = orders()
    with (folder / "office" / Path(ORDERS).relative_to("config")).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    for path in (office / "flows").iterdir():
        if path.stem != "order-status":
            path.unlink()
    flow = office / "flows" / "order-status.yaml"
    flow.write_text(
        flow.read_text(encoding="utf-8").replace(
            "\nsteps:\n", "\ntrigger:\n  mail: {connection: mailbox, folder: INBOX}\nsteps:\n", 1
        )
    )
    truth = fill(folder / "data", mails, seed)
    (folder / "truth.jsonl").write_text("".join(f"{line}\n" for line in _lines(truth)), encoding="utf-8")
    return truth


def _lines(truth: list[Truth]) -> Iterator[str]:
    return (json.dumps(asdict(one), ensure_ascii=False) for one in truth)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    make(given.folder, given.mails, given.seed)
