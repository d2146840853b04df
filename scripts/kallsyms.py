#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""nm -n of the first link on stdin -> the assembly of the symbol table on stdout.

Three arrays and a count, as kernel/base/kallsyms_data.h declares them: addresses in rising order, the
offset of each name, the names. Functions only; of several names at one address the first global one wins.
"""
import sys


def symbols(lines):
    best = {}
    for line in lines:
        fields = line.split()
        if len(fields) != 3 or fields[1] not in "tTwW":
            continue
        addr, kind, name = int(fields[0], 16), fields[1], fields[2]
        if addr < 0xFFFFFFFF80000000 or name.startswith(".L"):
            continue
        if addr not in best or (best[addr][0] not in "TW" and kind in "TW"):
            best[addr] = (kind, name)
    return sorted((addr, name) for addr, (kind, name) in best.items())


def main():
    table = symbols(sys.stdin)
    out = ['\t.section .kallsyms, "a", @progbits']
    for label, align in (("addrs", 8), ("names_off", 4), ("names", 1)):
        out += [f"\t.balign {align}", f"\t.globl kallsyms_{label}", f"kallsyms_{label}:"]
        offset = 0
        for addr, name in table:
            if label == "addrs":
                out.append(f"\t.quad {addr:#x}")
            elif label == "names_off":
                out.append(f"\t.long {offset}")
                offset += len(name) + 1
            else:
                out.append(f'\t.asciz "{name}"')
    out += ["\t.balign 4", "\t.globl kallsyms_count", "kallsyms_count:", f"\t.long {len(table)}"]
    out.append('\t.section .note.GNU-stack, "", @progbits')
    print("\n".join(out))


main()
