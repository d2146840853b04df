# SPDX-License-Identifier: MIT
"""docs/bad-input.md as data: rows "you did | you see | do this" that the tests hold the machine to.

In a message of the page N stands for a number and ... for any text. seen(result, "part of a message") finds the one
row with that part in its "you see" and demands the whole message in the output; tests/docs demands that each row is
asked for by some test.
"""
import os
import re

from machine import TOP

PAGE = os.path.join(TOP, "docs", "bad-input.md")


def messages():
    """=> the messages of the page"""
    out = []
    with open(PAGE, encoding="utf-8") as page:
        for line in page:
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if len(cells) == 3 and cells[1].startswith("`"):
                out += [a or b for a, b in re.findall(r"``(.+?)``|`([^`]+)`", cells[1].replace("\\|", "|"))]
    return out


def pattern(message):
    out = ""
    for piece in re.split(r"(\.\.\.|\bN\b)", message):
        out += {"...": ".*", "N": r"(?:-?(?:0x)?[0-9a-f]+|N)"}.get(piece) or re.escape(piece)
    return out


def seen(result, part):
    """=> True; fails if the message of the page that contains `part` is not in the output"""
    rows = [message for message in messages() if part in message]
    assert len(rows) == 1, (f"{PAGE} has {len(rows)} messages with", part)
    assert re.search(pattern(rows[0]), result.output), (rows[0], result)
    return True
