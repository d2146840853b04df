# SPDX-License-Identifier: MIT
"""Constants that DWARF does not know: #define lines of a few headers, read from the sources beside us.

DEFINE["VMEMMAP_START"] and so on; only plain numbers, shifts and products of names already known are understood.
"""
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADERS = ("arch/x86_64/include/asm/page.h", "arch/x86_64/include/asm/pgtable.h", "mm/page.h", "mm/zone.h", "mm/swap.h",
           "mm/mm_types.h", "mm/oom.h", "kernel/core/task.h")


def value(text, known):
    """=> the number that a definition's text stands for; None if it is no constant"""
    text = re.sub(r"/\*.*", "", text).strip()
    text = re.sub(r"ASM_UL\((\w+)\)", r"\1", text)
    text = re.sub(r"\b(0x[0-9a-fA-F]+|\d+)[uUlL]+\b", r"\1", text)
    names = set(re.findall(r"\b[A-Za-z_]\w*", re.sub(r"0x[0-9a-fA-F]+", "", text)))
    if not text or not re.fullmatch(r"[\w\s()<|+*~-]+", text) or not names <= known.keys():
        return None
    try:
        return eval(text, {"__builtins__": {}}, known) & 0xffffffffffffffff
    except SyntaxError:
        return None


def read_headers():
    known = {}
    for header in HEADERS:
        with open(os.path.join(TOP, header), encoding="utf-8") as f:
            text = f.read().replace("\\\n", " ")
        for name, body in re.findall(r"(?m)^#define[ \t]+(\w+)[ \t]+(.+)$", text):
            number = value(body, known)
            if number is not None:
                known[name] = number
    return known


DEFINE = read_headers()
PAGE_SHIFT = DEFINE["PAGE_SHIFT"]
PAGE_SIZE = DEFINE["PAGE_SIZE"]
VMEMMAP = DEFINE["VMEMMAP_START"]
PAGE_OFFSET = DEFINE["PAGE_OFFSET"]
KERNEL_VMA = DEFINE["KERNEL_VMA"]
