"""How many questions a sentence asks: „Wann kommt die Ware und was kostet der Versand?“ are two.

Split is only in front of a question word, and only where both sides have a verb of their own: „Kommt die Ware, und wann?“ is one question.
44 of 47 sentences written beforehand came out right at first, and 28 of 30 written after that (`tests/agents/test_questions.py`).
"""

from __future__ import annotations

import re

_BEFORE = r"(?:(?:ab|bis|seit|in|zu|mit|an|auf|aus|für|von|bei|nach|um|über|unter|by|at|from|until|for|to|with|on)\s+)?"
_ASKS = r"(?:wann|was|wie|wieviel|wo|woher|wohin|wer|wen|wem|warum|wieso|weshalb|womit|ob|welche[nmrs]?|when|what|how|where|who|which|why|whether)"
_JOINT = re.compile(rf",?\s+(?:und|sowie|and)\s+(?={_BEFORE}{_ASKS}\b)", re.IGNORECASE)
_ASKING = re.compile(_ASKS, re.IGNORECASE)
_WORD = re.compile(r"[A-Za-zÄÖÜäöüß]+")
_VERBS = {
    "ist", "sind", "war", "waren", "wird", "werden", "wurde", "wurden", "kann", "können", "könnte", "könnten", "darf", "dürfen", "muss",
    "müssen", "soll", "sollen", "sollte", "sollten", "will", "wollen", "wäre", "wären", "würde", "würden", "hat", "haben", "hatte", "hatten",
    "hätte", "hätten", "habe", "bin", "gibt", "mag", "möchte", "möchten",
}  # fmt: skip
_ENGLISH_VERBS = {
    "is", "are", "was", "were", "do", "does", "did", "can", "could", "will", "would", "shall", "should", "may", "might", "must", "has",
    "have", "had", "costs", "takes", "arrives", "comes", "ships", "leaves", "happens", "pays", "works", "means", "applies",
}  # fmt: skip
_NO_VERBS = {
    "nicht", "jetzt", "oft", "weit", "erst", "sonst", "dort", "seit", "zuletzt", "direkt", "fast", "laut", "statt", "samt", "fest",
    "breit", "echt", "leicht", "schlecht",
}  # fmt: skip
"""What ends like a German verb and is none."""
_SUBJECTS = {"sie", "wir", "ihr", "die", "man", "es", "das", "der"}


def questions_in(sentence: str) -> list[str]:
    """The questions of a sentence as they stand in it; the sentence itself where it is one, or asks nothing."""
    if not sentence.rstrip().endswith("?"):
        return [sentence]
    found, start = [], 0
    for joint in _JOINT.finditer(sentence):
        following = _JOINT.search(sentence, joint.end())
        before, behind = sentence[start : joint.start()], sentence[joint.end() : following.start() if following else None]
        if _are_two(_WORD.findall(before), _WORD.findall(behind), "and" in joint[0].lower()):
            found.append(before)
            start = joint.end()
    return [*found, sentence[start:]]


def _are_two(before: list[str], behind: list[str], english: bool) -> bool:
    """Whether both have a verb, and the first does not break off in front of the one they share: „wann | und womit liefern Sie“."""
    if not before or _ASKING.fullmatch(before[-1]):
        return False
    if english:
        return len(before) > 2 and any(word.lower() in _ENGLISH_VERBS for word in behind)
    return all(any(_is_verb(words, at) for at in range(len(words))) for words in (before, behind))


def _is_verb(words: list[str], at: int) -> bool:
    """A German verb as far as its form and place tell: nouns begin with a capital letter, but so does the first word."""
    word = words[at] if at else words[at].lower()
    if word in _VERBS:
        return True
    if not word.islower() or word in _NO_VERBS or len(word) < 4 or _ASKING.fullmatch(word):
        return False
    previous = words[at - 1] if at else ""
    following = words[at + 1].lower() if at + 1 < len(words) else ""
    if word.endswith(("en", "ern", "eln")):
        named = at > 1 and (previous[:1].isupper() or not following)
        return following in _SUBJECTS or named or (at == 1 and bool(_ASKING.fullmatch(previous)))
    return word.endswith("t") or (word.endswith("e") and "ich" in (following, previous.lower()))
