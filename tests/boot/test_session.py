# SPDX-License-Identifier: MIT
"""A session at the machine as a person has it: `make run`, a terminal, docs/first-session.md from top to bottom."""
import os
import re

from machine import TOP, WATCHDOG
from terminal import NL, PROMPT, Terminal

KEY_NAMES = {"<Esc>": "\x1b", "<Enter>": "\r", "<Tab>": "\t", "<Up>": "\x1b[A"}
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78]|\r")
ANOTHER_THREAD = re.compile(r"^\[ *[\d.]+\] oom_reaper: .*\n", re.M)  # may come anywhere


def transcript():
    """=> [(command, [part])]; a part is the lines of output up to the next keys, then the keys; the last has none"""
    with open(os.path.join(TOP, "docs", "first-session.md"), encoding="utf-8") as f:
        blocks = re.findall(r"```console\n(.*?)```", f.read(), re.S)
    steps = []
    for line in "".join(blocks).rstrip("\n").split("\n"):
        command = re.match(PROMPT + "(.*)", line)
        if command:
            steps.append((command[1], [([], None)]))
        elif line.startswith("[keys] "):
            parts = steps[-1][1]
            parts[-1] = (parts[-1][0], line[len("[keys] "):])
            parts.append(([], None))
        else:
            steps[-1][1][-1][0].append(line)
    return steps


def shape(line):
    """=> a pattern in which numbers and the blanks that align them are free; "..." at the end is anything"""
    rest = line.endswith("...")
    parts = re.split(r"\d+", re.sub(r"\s+", " ", line.removesuffix("...").strip()))
    return r" ?\d+ ?".join(re.sub(r"(\\? )+", r"\\s*", re.escape(part)) for part in parts) + (".*" if rest else "")


def pattern(lines):
    return "".join(r"(?:.*\n)*?" if line == "..." else rf"\s*{shape(line)}\s*\n" for line in lines)


def keys_of(text):
    for name, key in KEY_NAMES.items():
        text = text.replace(name, key)
    return re.sub(r"<\^(.)>", lambda m: chr(ord(m[1]) & 31), text)


def replay(machine, command, parts):
    machine.keys(command + "\r")
    for lines, keys in parts[:-1]:
        shown = [line for line in lines if line != "..."]
        for line in shown:
            machine.expect(shape(line).replace(r"\s*", r"(?:\s|\x1b\[[0-9;?]*[A-Za-z])*"))
        machine.keys(keys_of(keys))
    if command == "poweroff":
        return
    machine.prompt()
    output = ANOTHER_THREAD.sub("", ESCAPES.sub("", machine.child.before).lstrip("\n"))
    if len(parts) == 1:
        assert output.startswith(command), (command, output)
        output = output.partition("\n")[2]
    lines = parts[-1][0]
    assert re.fullmatch(pattern(lines) + r"\s*", output.rstrip("\n") + "\n"), (command, lines, output)


def line_editing(machine):
    """What the shell does with the keys of one line: history, completion, beginning and end"""
    machine.run("echo one")
    machine.run("echo two")
    machine.keys("\x1b[A\x1b[A\r", rf"{NL}one{NL}", PROMPT)
    machine.keys("memch\t--mib 1\r", "0 wrong words", PROMPT)
    machine.keys("ho three\x01\x01ec\x05 four\r", rf"{NL}three four{NL}", PROMPT)
    machine.keys("echo gone\x15echo kept\r", rf"{NL}kept{NL}", PROMPT)
    machine.keys("sh -c 'echo running; cat'\r", rf"{NL}running{NL}")
    machine.keys("typed\r", rf"typed{NL}typed{NL}")
    machine.keys("\x04", PROMPT)
    machine.keys("sh -c 'echo running; exec sleep 1000'\r", rf"{NL}running{NL}")
    machine.keys("\x1c", "Quit", PROMPT)
    assert any("forkstorm" in line for line in machine.run("help"))


def programs_answer_help(machine):
    """Every program of `help` has a manual, and refuses what it does not know with status 2."""
    names = re.findall(r"(?m)^  (\w+) ", "\n".join(machine.run("help")))
    assert {"hog", "pages", "walk", "memcheck", "forkstorm", "tour", "bench", "resize"} <= set(names)
    for name in names:
        manual = machine.run(f"{name} --help; echo status $?")
        assert manual[0].startswith(f"usage: {name}") and manual[-1] == "status 0", manual
        assert machine.run(f"{name} --nonsense 2>&1 | tail -n 1; {name} --nonsense 2>/dev/null; echo status $?")[-1] == \
            "status 2", name
    assert machine.run("hog --mib x 2>&1 | head -n 1") == ["hog: x: --mib wants a number from 1 to 16777216"]
    assert machine.run("memcheck --mib 4 --plant 5000 | tail -n 1; echo $?")[0].endswith("6 wrong words")


def test_first_session(tmp_path):
    disk = tmp_path / "second.img"
    with open(disk, "wb") as image:
        image.truncate(64 << 20)
    flags = f"--timeout 900 --append {WATCHDOG} --disk {disk}"
    with Terminal(argv=["make", "--no-print-directory", "run", "SETUP=no", f"RUNFLAGS={flags}"]) as machine:
        machine.expect("See memory:")
        machine.prompt()
        steps = transcript()
        for command, parts in steps[:-1]:
            replay(machine, command, parts)
        line_editing(machine)
        programs_answer_help(machine)
        replay(machine, *steps[-1])
        assert steps[-1][0] == "poweroff" and machine.end() == 0
