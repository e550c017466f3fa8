"""What agents say to people, in the office's language."""

from __future__ import annotations

from typing import Any

from agents.base import Setting

_WORDS = {
    "kept_back": (
        "Nach den Regeln des Büros keinem Sprachmodell gezeigt ({reason}); das eingebaute Modell hat geantwortet.",
        "Not shown to a language model, by the office's rules ({reason}); the built-in model answered.",
    ),
    "fell_back": (
        "Das Sprachmodell fiel aus, das eingebaute Modell hat geantwortet: {error}",
        "The language model failed, the built-in model answered: {error}",
    ),
    "empty": ("Der Text ist leer.", "The text is empty."),
    "not_sure": (
        "Ich bin nicht sicher, worum es geht: am ehesten „{first}“ ({p}) oder „{second}“ ({q}).",
        "I am not sure what this is about: most likely “{first}” ({p}) or “{second}” ({q}).",
    ),
    "not_sure_one": (
        "Ich bin nicht sicher, worum es geht: am ehesten „{first}“ ({p}).",
        "I am not sure what this is about: most likely “{first}” ({p}).",
    ),
    "differ": (
        "Das Sprachmodell hält es für „{first}“, das eingebaute Modell eher für „{second}“ ({q}).",
        "The language model takes this for “{first}”, the built-in model rather for “{second}” ({q}).",
    ),
    "missing": ("Im Text fehlt: {fields}.", "Not found in the text: {fields}."),
    "conflict": (
        "Verschiedene Angaben zu {field}: {values}.",
        "Different values for {field}: {values}.",
    ),
    "model_chose": (
        "Verschiedene Angaben zu {field}: {values}; das Sprachmodell wählte {value}.",
        "Different values for {field}: {values}; the language model chose {value}.",
    ),
    "not_in_text": (
        "Steht nicht im Dokument: {field} „{value}“ – nicht übernommen.",
        "Not in the document: {field} “{value}” – dropped.",
    ),
    "too_long": ("Nur die ersten {limit} Zeichen wurden gelesen.", "Only the first {limit} characters were read."),
    "no_knowledge": (
        "In den Wissensseiten habe ich dazu nichts Passendes gefunden.",
        "I found nothing in the knowledge pages that fits this.",
    ),
    "weak_knowledge": (
        "Dazu habe ich keine sichere Stelle in den Wissensseiten gefunden; am nächsten kommt „{heading}“.",
        "I found no certain passage in the knowledge pages; the closest is “{heading}”.",
    ),
    "unsupported": ("Im Entwurf ohne Beleg: {facts}.", "In the draft without a source: {facts}."),
    "only_in_mail": (
        "Im Entwurf, und belegt nur durch die Mail selbst: {facts}.",
        "In the draft, and proved by nothing but the mail itself: {facts}.",
    ),
    "polish_changed": (
        "Die sprachliche Überarbeitung hat Tatsachen verändert ({facts}) und wurde verworfen.",
        "Polishing changed facts ({facts}) and was dropped.",
    ),
    "no_template": (
        "Es gibt keine Vorlage in der Sprache „{language}“; genommen wurde „{taken}“.",
        "No template in “{language}”; “{taken}” was used.",
    ),
    "no_pages": (
        "Es gibt keine Wissensseiten in der Sprache „{language}“; genommen wurde „{taken}“.",
        "No knowledge pages in “{language}”; “{taken}” was used.",
    ),
    "empty_values": ("Im Text fehlt etwas; leer ist: {names}.", "Something is missing in the text; empty is: {names}."),
    "unanswered": (
        "Diese Frage der Mail lässt der Entwurf vielleicht offen: „{questions}“",
        "The draft perhaps leaves this question of the mail open: “{questions}”",
    ),
    "template_failed": ("Die Vorlage lässt sich nicht ausfüllen: {error}", "The template cannot be filled in: {error}"),
}


def say(setting: Setting, key: str, **values: Any) -> str:
    """A sentence in the office's first language: German if that is German, else English."""
    german, english = _WORDS[key]
    text, percent = (german, "\N{NO-BREAK SPACE}%") if is_german(setting) else (english, "%")
    return text.format(**{k: f"{v:.0%}".replace("%", percent) if isinstance(v, float) else v for k, v in values.items()})


def is_german(setting: Setting) -> bool:
    """Whether the office's first language is German."""
    return (tuple(setting.languages) or ("de",))[0].lower().startswith("de")
