# SPDX-License-Identifier: MIT
"""Driving gdb in a test: a script in gdb's own Python runs after the stop at kernel_main and notes what commands say.

session(script, words...) -> the answers, in order. In the script do(COMMAND) runs a command, notes and returns its
text (errors as "error: ..."); value(EXPRESSION) is a number; note(KEY, ANYTHING) keeps something else.
"""
import json
import os
import re
import subprocess

from machine import TOP

GDB = os.path.join(TOP, "scripts", "gdb")
TIMEOUT = 240
PATTERN = 0x7469646500000000  # tests/user/gdb_state.c

PRELUDE = '''
import gdb, json
notes = open({path!r}, "w")
def note(key, what):
    notes.write(json.dumps([key, what]) + "\\n")
    notes.flush()
    return what
def do(command):
    try:
        return note(command, gdb.execute(command, to_string=True))
    except gdb.error as error:
        return note(command, f"error: {{error}}")
def value(expression):
    return int(gdb.parse_and_eval(expression))
def until(place):
    gdb.Breakpoint(place, temporary=True)
    return do("continue")
'''


class Session:
    def __init__(self, notes, output, console):
        self.notes, self.output, self.console = notes, output, console

    def __getitem__(self, key):
        """=> what was noted under key last"""
        found = [what for k, what in self.notes if k == key]
        assert found, f"{key} was never noted: {self}"
        return found[-1]

    def every(self, key):
        return [what for k, what in self.notes if k == key]

    def __repr__(self):
        said = "".join(f"(gdb) {k}\n{v}\n" for k, v in self.notes)
        return f"{said}--- gdb:\n{self.output[-3000:]}\n--- console:\n{self.console[-3000:]}"


def session(folder, script, *words):
    """=> Session: one machine, looked at by one script; folder: for the files of it"""
    notes, file, console = (os.path.join(folder, name) for name in ("notes", "script.py", "console"))
    with open(file, "w", encoding="utf-8") as f:
        f.write(PRELUDE.format(path=notes) + script)
    done = subprocess.run([GDB, "--script", file, "--console", console, "--timeout", str(TIMEOUT), *map(str, words)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT + 60)
    text = lambda path: open(path, encoding="utf-8", errors="replace").read() if os.path.exists(path) else ""
    result = Session([json.loads(line) for line in text(notes).splitlines()], done.stdout.decode(errors="replace"),
                     text(console).replace("\r\n", "\n"))
    assert "Traceback" not in repr(result), result
    return result


def number(text, pattern):
    """=> the number that the pattern's group finds"""
    match = re.search(pattern, text)
    assert match, (pattern, text)
    return int(match[1], 0)
