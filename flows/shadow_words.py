"""The words of the shadow run's page, German and English."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Probelauf: {flow} neben dem, was wirklich geschah", "Shadow run: {flow} beside what really happened"),
    "period": (
        "{mails} Mails vom {first} bis {last} und {sent} gesendete Mails wurden gelesen. Nichts wurde gesendet, verschoben oder gebucht.",
        "{mails} mails from {first} to {last} and {sent} sent mails were read. Nothing was sent, moved or posted.",
    ),
    "rate": (
        "der Vorschläge entsprechen dem, was Ihre Leute getan haben ({agreed} von {proposed}; mit 95 % Sicherheit {low} bis {high})",
        "of the proposals are what your people did ({agreed} of {proposed}; with 95 % certainty {low} to {high})",
    ),
    "unclear": ("Mails hätte der Ablauf einem Menschen überlassen ({share})", "mails would have been left to a person ({share})"),
    "coverage": ("von allem, was zu tun war, wäre richtig vorbereitet gewesen", "of all there was to do would have been prepared rightly"),
    "saved": ("Arbeitszeit gespart, Rechnung unten", "of work saved; the arithmetic is below"),
    "actions": ("Was der Ablauf getan hätte, und was Menschen taten", "What the flow would have done, and what people did"),
    "action": ("Aktion", "Action"), "reply": ("Antwort", "Reply"), "forward": ("Weiterleitung", "Forward"),
    "move": ("Ablage", "Filing"), "post": ("Buchung", "Posting"),
    "same": ("gleich", "the same"), "different": ("anders", "different"), "only_flow": ("nur der Ablauf", "only the flow"),
    "only_people": ("nur Menschen", "only people"), "right": ("Treffer", "right"), "covered": ("abgedeckt", "covered"),
    "what_differs": ("was anders ist", "what differs"), "why_recipient": ("Empfänger", "recipient"), "why_content": ("Inhalt", "content"),
    "why_folder": ("Ordner", "folder"), "why_vendor": ("Kreditor", "vendor"), "why_amount": ("Betrag", "amount"), "why_account": ("Konto", "account"),
    "alike_figures": (
        ("{n} Entwürfe neben den wirklichen Antworten: Übereinstimmung der Wörter {words} (Dice, Median), der Bedeutung {meaning} (Kosinus, Median), "
        "der Angaben {facts}."),
        "{n} drafts beside the true replies: words alike {words} (Dice, median), meaning {meaning} (cosine, median), facts {facts}.",
    ),
    "no_trace": (
        "{n} × {action}: davon ist im Postfach und in den Büchern nichts zu sehen; nicht verglichen.",
        "{n} × {action}: leaves no trace in mailbox or books; not compared.",
    ),
    "steps": ("Schritt für Schritt", "Step by step"), "flow": ("Ablauf", "Flow"), "step": ("Schritt", "Step"), "reached": ("erreicht", "reached"),
    "undecided": ("unklar", "unclear"), "agreed": ("am Ende gleich", "the same in the end"), "share": ("Anteil", "share"),
    "label": ("Art", "Label"), "cases": ("Vorgänge", "cases"), "proposed": ("mit Vorschlag", "with a proposal"),
    "time": ("Zeit, mit Rechenweg", "Time, with its arithmetic"), "told": ("von Ihnen angegeben", "as you said"),
    "assumed": ("angenommen, nicht gemessen", "assumed, not measured"), "measured": ("hier gemessen", "measured here"),
    "approval": ("Freigabe", "approval"), "sum": ("Gespart: {minutes} Minuten ({hours} Stunden).", "Saved: {minutes} minutes ({hours} hours)."),
    "list_different": ("Anders als Ihre Leute", "Different from your people"), "list_nobody": ("Vorgeschlagen, aber niemand tat es", "Proposed, but nobody did it"),
    "list_missed": ("Getan, aber nicht vorgeschlagen", "Done, but not proposed"), "list_alike": ("Gleich", "The same"),
    "first_ones": ("Die ersten {n}; alle stehen in der Ausgabe mit --json.", "The first {n}; all are in the output with --json."),
    "meaning": ("Bedeutung", "meaning"), "words": ("Wörter", "words"), "facts": ("Angaben", "facts"),
    "would": ("Der Ablauf hätte", "The flow would have"), "did": ("Menschen haben", "People did"), "nothing": ("(nichts)", "(nothing)"),
    "how": ("Wie verglichen wurde", "How this was compared"),
    "how_1": (
        "Die Antwort auf eine Mail ist die erste gesendete Mail, die sie nennt (In-Reply-To, References); nennt eine gar keine, dann gelten Empfänger, Betreff und Zeit.",
        "The answer to a mail is the first sent mail that names it (In-Reply-To, References); for one that names none, recipient, subject and time decide.",
    ),
    "how_2": (
        ("Ein Entwurf gilt als gleich, wenn er an dieselbe Adresse geht und mindestens die Hälfte seiner Angaben (Daten, Beträge, Nummern) in der wirklichen Antwort "
        "steht; hat er keine Angaben, wenn die Bedeutung mindestens 0,60 übereinstimmt."),
        ("A draft counts as the same when it goes to the same address and at least half of its facts (dates, amounts, numbers) stand in the true reply; "
        "one without facts, when the meaning agrees by at least 0.60."),
    ),
    "how_3": (
        "Abgelegt heißt: Die Mail liegt heute in einem anderen Ordner. Gelöschte Mails sind nicht mehr zu sehen. Nachgeschlagen wurde im heutigen Stand des ERP.",
        "Filed means: the mail lies in another folder today. Deleted mails cannot be seen any more. Look-ups used the ERP as it is today.",
    ),
    "how_4": (
        "Schritte nach der ersten Freigabe laufen im Probelauf nicht. Die Zahlen sind auf diesem Rechner entstanden; nichts hat ihn verlassen.",
        "Steps behind the first approval do not run in a shadow run. The figures were made on this machine; nothing left it.",
    ),
}  # fmt: skip
