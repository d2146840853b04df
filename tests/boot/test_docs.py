# SPDX-License-Identifier: MIT
"""The commands quoted in README.md and docs/ do what is said there."""
import glob
import os
import re
import subprocess

import pytest

from machine import TOP, run


def text_of(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def session():
    """=> [(command, [line of output])] of README.md's first session; a line "..." stands for any lines"""
    block = re.search(r"```console\n(tidemark:~#.*?)```", text_of("README.md"), re.S)[1]
    out = []
    for line in block.rstrip("\n").split("\n"):
        if line.startswith("tidemark:~# "):
            out.append((line[len("tidemark:~# "):], []))
        else:
            out[-1][1].append(line)
    return out


def shape(line):
    """=> what may differ between two runs is left open: numbers, and the blanks that align them"""
    parts = re.split(r"\d+", re.sub(r"\s+", " ", line.strip()))
    return r" ?\d+ ?".join(re.sub(r"\\? ", r"\\s*", re.escape(p)) for p in parts)


def pattern(lines):
    out = ""
    for line in lines:
        out += r"(?:.*\n)*?" if line == "..." else r"\s*" + shape(line) + r"\s*\n"
    return out


def in_one_machine(tmp_path, commands, append="", **kwargs):
    """=> Result; each command's output lies between two marks, the second with its status"""
    script = tmp_path / "script"
    lines = [f"echo '== begin {i}'\n( {c} )\necho \"== end {i} $?\"\n" for i, c in enumerate(commands)]
    script.write_text("".join(lines))
    return run("--swap", "512M", "--cpus", "2", append=append, execs=["/bin/sh /script"],
               adds=[f"{script}:/script"], **kwargs)


def output_of(result, i):
    match = re.search(rf"== begin {i}\n(.*?)== end {i} (\d+)\n", result.output, re.S)
    assert match, result
    return match[1], int(match[2])


def test_first_session(tmp_path):
    steps = session()
    assert steps[-1][0] == "poweroff"
    steps = steps[:-1]
    result = in_one_machine(tmp_path, [command for command, _ in steps])
    for i, (command, lines) in enumerate(steps):
        output, _ = output_of(result, i)
        assert re.match(pattern(lines), output), (command, lines, output)


def test_experiments_of_the_reading_order(tmp_path):
    commands = re.findall(r"Try: `([^`]+)`", text_of("docs/READING.md"))
    assert len(commands) == len(re.findall(r"(?m)^\*\*\d+[a-z]?\.", text_of("docs/READING.md")))
    result = in_one_machine(tmp_path, commands, append="loglevel=2")
    for i, command in enumerate(commands):
        output, status = output_of(result, i)
        assert status in (0, 143) and output.strip(), (command, status, output)
        assert "not found" not in output and "No such file" not in output, (command, output)


def quoted_commands():
    """=> (page, command, exit status) of each indented line of docs/ that starts a program of ours"""
    out = []
    for page in sorted(glob.glob(os.path.join(TOP, "docs", "*.md"))):
        for line in re.findall(r"(?m)^    ((?:scripts/|make |build/).*)$", text_of(page)):
            if line in (command for _, command, _ in out) or re.match("make (run|gdb)", line):
                continue  # what one sits down at has tests of its own
            status = re.search(r"# exit status (\d+)", line)
            out.append((os.path.basename(page), line, int(status[1]) if status else 0))
    return out


@pytest.mark.parametrize("page,command,status", quoted_commands())
def test_quoted_command(page, command, status):
    done = subprocess.run(["bash", "-c", command], cwd=TOP, env={**os.environ, "SETUP": "no"}, timeout=600,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == status, done.stdout.decode(errors="replace")[-3000:]


def test_the_way_of_a_page():
    """The counters of docs/reclaim.md are those of its command, to a quarter: how far code may change without the tale."""
    page = text_of("docs/reclaim.md")
    (command,) = re.findall(r"(?m)^    (scripts/run .*paste.*)$", page)
    told = {name: int(value.replace(",", "")) for name, value in re.findall(r"\| `(\w+)` \| ([\d,]+) \|", page)}
    done = subprocess.run(["bash", "-c", command], cwd=TOP, timeout=600, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    output = done.stdout.decode(errors="replace").replace("\r", "")
    seen = {name: int(after) - int(before) for name, before, after in re.findall(r"(?m)^(\w+) (\d+)\t\w+ (\d+)$", output)}
    assert done.returncode == 0 and len(told) > 8, output[-3000:]
    far = {name: (value, seen.get(name)) for name, value in told.items() if abs(seen.get(name, 0) - value) * 4 > value}
    assert not far, far
