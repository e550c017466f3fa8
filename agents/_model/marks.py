"""The marks by which a chat template tells who speaks, taken out of use in a text from outside.

A server fills them into one text and reads that whole: llama.cpp and others take `<|im_end|>` in a mail for the end of what the user said, so that
the mail goes on as the system.
"""

from __future__ import annotations

import re

_NAMES = "s|bos|eos|pad|unk|start_of_turn|end_of_turn|think|tool_call|tool_response"
_UPPER = "INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT"
_MARK = re.compile(rf"(?i)<(?=[|｜])|<(?=/?(?:{_NAMES})>)|<(?=</?SYS>>)|\[(?=/?(?:{_UPPER})\])")


def without_marks(text: str) -> str:
    """The text with a blank inside each mark: people read the same, no tokenizer does."""
    return _MARK.sub(lambda found: found[0] + " ", text)
