# SPDX-License-Identifier: MIT
"""Starting the machine from a test.

run(...) goes through scripts/run as a person would. No test judges by the host's clock: the guest's own
watchdog (boot word watchdog=) ends a machine that makes no progress; TIMEOUT only catches one that is dead,
and then the status is 124, which no test expects.
"""
import os
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUN = os.path.join(TOP, "scripts", "run")
PROGRAMS = os.path.join(TOP, "build", "tests", "user")
TIMEOUT = 300
WATCHDOG = "watchdog=60"


class Result:
    def __init__(self, status, output):
        self.status, self.output = status, output

    def __repr__(self):
        worst = re.findall(r"(?m)^.*(?:not ok|FAIL|BUG|WARNING|panic).*$", self.output[:-6000])[:20]
        return "\n".join([f"status {self.status}", *worst, self.output[-6000:]])

    def lines(self, pattern):
        """=> the groups (or the text) of every line that matches"""
        return [m.groups() or m[0] for m in re.finditer(f"(?m){pattern}", self.output)]


def command(*args, append="", boot="direct", debug=False, timeout=TIMEOUT, execs=(), adds=(), watchdog=True,
            qemu=()):
    words = f"{append} {WATCHDOG}" if watchdog else append
    out = [RUN, "--boot", boot, "--timeout", str(timeout), *map(str, args)]
    out += ["--debug"] if debug else []
    out += ["--append", words.strip()] if words.strip() else []
    for add in adds:
        out += ["--add", str(add)]
    for line in execs:
        out += ["--exec", line]
    return out + list(qemu)


def run(*args, stdin=subprocess.DEVNULL, **kwargs):
    """=> Result of one whole life of the machine; keyword arguments as command()"""
    done = subprocess.run(command(*args, **kwargs), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return Result(done.returncode, done.stdout.decode(errors="replace").replace("\r\n", "\n"))


def program(name):
    """=> path of a compiled test program of tests/user"""
    return os.path.join(PROGRAMS, name)
