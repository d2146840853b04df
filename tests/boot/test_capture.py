# SPDX-License-Identifier: MIT
"""/proc/tidemark/capture and scripts/capture-trace: a program whose references are known gives just these."""
import os
import subprocess

from machine import TOP, run


def pages_of_memory(text):
    """=> the pages of space 0 that a trace refers to, in order; the same page twice in a row is given once"""
    out = []
    for line in text.splitlines():
        op, *numbers = line.split()
        if op in ("l", "s") and numbers[0] == "0":
            first, count = int(numbers[1]), int(numbers[2]) if len(numbers) > 2 else 1
            out += [page for page in range(first, first + count) if not out or out[-1] != page or count > 1]
    return out


def test_walk_in_order(tmp_path):
    """Three rounds over 4 MiB in address order: 1024 pages, three times, each one; and the trace can be raced."""
    out = tmp_path / "walk.trace"
    done = subprocess.run([os.path.join(TOP, "scripts", "capture-trace"), str(out), "/bin/walk --mib 4 --rounds 3"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    assert done.returncode == 0, done.stdout.decode()
    pages = pages_of_memory(out.read_text())

    def only(first):
        """The references to 1024 pages from there on, each run of the same page as one."""
        inside = [page for page in pages if first <= page < first + 1024]
        return [page for i, page in enumerate(inside) if not i or page != inside[i - 1]]

    # The program has a few pages more, below and above.
    assert any(only(first) == list(range(first, first + 1024)) * 3 for first in range(max(pages) - 1022)), pages[:50]
    race = os.path.join(TOP, "build", "host", "race")
    subprocess.run(["make", "-s", "build/host/race"], cwd=TOP, check=True)
    done = subprocess.run([race, "lru2", "512", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0 and '"wrong_words": 0' in done.stdout, done.stderr


def test_the_file():
    """Bad words are EINVAL, no such process is ESRCH; the end is told; without a start the file is empty."""
    commands = ["cat /proc/tidemark/capture; echo status $?", "echo 1 2 > /proc/tidemark/capture; echo window $?",
                "echo hello > /proc/tidemark/capture; echo word $?", "echo 99999 > /proc/tidemark/capture; echo nobody $?",
                "echo $$ 16 10 > /proc/tidemark/capture; /bin/true; ls / > /dev/null; echo 0 > /proc/tidemark/capture",
                "tail -n 1 /proc/tidemark/capture; grep -c ^[lsrwx] /proc/tidemark/capture"]
    result = run(execs=[f"/bin/sh -c '{command}'" for command in commands])
    assert result.lines("^status 0$") and result.lines("^window 1$") and result.lines("^word 1$"), result
    assert result.lines("^nobody 1$") and result.lines(r"^# lost \d+$") and result.lines("^10$"), result
