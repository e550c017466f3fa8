"""The sentences that people read, in the office's languages."""

from __future__ import annotations

_TEXTS = {
    "no_subject": ("(ohne Betreff)", "(no subject)"),
    "unreadable": ("Die Mail ist nicht lesbar: {0}", "The mail cannot be read: {0}"),
    "cut": (
        "Die Mail ist größer als {0} MB; nur ihr Anfang wurde gelesen. Das Ganze liegt weiter im Postfach.",
        "The mail is larger than {0} MB; only its beginning was read. The whole of it is still in the mailbox.",
    ),
    "hidden-text": (
        "Die Mail enthält Text, den man in ihr nicht sieht: „{0}“",
        "The mail contains text that one does not see in it: “{0}”",
    ),
    "charset": (
        "Die Buchstaben der Mail passen nicht zu ihrem Zeichensatz; einzelne können falsch sein.",
        "The mail's letters do not fit its character set; some may be wrong.",
    ),
    "undelivered": ("Die Mail an {0} kam zurück: {1}", "The mail to {0} came back: {1}"),
    "signed": (
        "Die Mail ist signiert ({0}); die Signatur wurde nicht geprüft.",
        "The mail is signed ({0}); the signature was not checked.",
    ),
    "encrypted": (
        "Die Mail ist verschlüsselt ({0}); ihr Inhalt kann hier nicht gelesen werden.",
        "The mail is encrypted ({0}); its content cannot be read here.",
    ),
    "long": (
        "Der Text der Mail ist sehr lang; gelesen wurden {0} Zeichen.",
        "The mail's text is very long; {0} characters were read.",
    ),
    "reply-to": (
        "Antworten gingen an {0}, nicht an den Absender {1}.",
        "Answers would go to {0}, not to the sender {1}.",
    ),
    "two-addresses": (
        "Als Name des Absenders steht dort die Adresse „{0}“, die Mail kommt aber von {1}.",
        "The sender's name is the address “{0}”, but the mail comes from {1}.",
    ),
    "authors": (
        "Die Mail nennt mehrere Absender ({0}); als Absender gilt {1}. Bitte prüfen, von wem sie ist.",
        "The mail names several senders ({0}); {1} is taken for its sender. Please check whom it is from.",
    ),
    "stranger": (
        "{0} kommt in der Mail nicht vor: bitte prüfen, an wen die Antwort geht.",
        "{0} does not occur in the mail: please check whom the answer goes to.",
    ),
    "forged": (
        "Der Absender {0} ist wahrscheinlich gefälscht: die Prüfung Ihres Mailservers (DMARC) ist fehlgeschlagen.",
        "The sender {0} is probably forged: your mail server's check (DMARC) failed.",
    ),
    "look-alike": (
        "Die Domain {0} sieht {1} nur ähnlich: bitte prüfen, wer da schreibt.",
        "The domain {0} only looks like {1}: please check who is writing.",
    ),
    "signature": (
        "Die Signatur des Absenders (DKIM, {0}) passt nicht zur Mail: sie wurde unterwegs verändert oder ist gefälscht.",
        "The sender's signature (DKIM, {0}) does not fit the mail: it was changed on its way, or is forged.",
    ),
    "ourselves": (
        "Die Mail kommt angeblich von uns selbst ({0}); eine Antwort käme zu uns zurück.",
        "The mail claims to come from ourselves ({0}); an answer would come back to us.",
    ),
    "loop": (
        "An {0} gingen in den letzten 24 Stunden schon {1} Antworten: vielleicht antwortet dort eine Maschine.",
        "{1} replies went to {0} within the last 24 hours: perhaps a machine is answering there.",
    ),
    "machine": (
        "Die Mail stammt von einer Maschine; eine Antwort könnte sich im Kreis drehen.",
        "The mail was sent by a machine; an answer could go round in circles.",
    ),
    "many": ("Die Mail ging an viele (Newsletter oder Verteiler).", "The mail went to many (a newsletter or a mailing list)."),
    "reply": ("Antwortet {0} mit „{1}“.", "Replies to {0}: “{1}”."),
    "send": ("Schickt eine neue Mail „{1}“ an {0}.", "Sends a new mail “{1}” to {0}."),
    "draft": ("Legt einen Entwurf „{1}“ an {0} ab; er wird nicht verschickt.", "Saves a draft “{1}” to {0}; it is not sent."),
    "move": ("Verschiebt die Mail „{1}“ in den Ordner „{0}“.", "Moves the mail “{1}” to the folder “{0}”."),
    "flag": ("Kennzeichnet die Mail „{1}“ als {0}.", "Marks the mail “{1}” as {0}."),
    "unflag": ("Nimmt von der Mail „{1}“ das Kennzeichen {0}.", "Removes the mark {0} from the mail “{1}”."),
    "wrote": ("{0} schrieb:", "{0} wrote:"),
    "wrote_on": ("Am {1} schrieb {0}:", "On {1}, {0} wrote:"),
    "answered": ("Die Mail wurde inzwischen schon beantwortet.", "The mail has been answered in the meantime."),
    "gone": (
        "Die Mail liegt nicht mehr in „{0}“: jemand hat sie verschoben oder gelöscht.",
        "The mail is no longer in “{0}”: somebody has moved or deleted it.",
    ),
    "no-address": (
        "„{0}“ ist nicht eine einzelne Mailadresse. Schreiben Sie name@example.com oder Name <name@example.com>.",
        "“{0}” is not one e-mail address. Write it as name@example.com or Name <name@example.com>.",
    ),
    "no_mail": ("Der Fall begann nicht mit einer Mail.", "The case did not begin with a mail."),
}


def say(language: str, what: str, *values: object) -> str:
    """A sentence in German, or in English for everybody else."""
    return _TEXTS[what][0 if language == "de" else 1].format(*values)
