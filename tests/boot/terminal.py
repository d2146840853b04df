# SPDX-License-Identifier: MIT
"""A person at the machine's terminal: scripts/run on a pseudo terminal, driven by pexpect.

Every step waits for what the one before must have caused, never for time. Line ends come as one or more \\r before
\\n (the guest's and the pseudo terminal's); patterns say NL.
"""
import os

import pexpect

from machine import TIMEOUT, TOP, command

PROMPT = r"tidemark:[^\r\n ]*[#$] "
NL = r"\r*\n"


class Terminal:
    def __init__(self, *args, rows=24, columns=80, argv=None, **kwargs):
        argv = argv or command(*args, **kwargs)
        self.log = []
        self.child = pexpect.spawn(argv[0], argv[1:], dimensions=(rows, columns), encoding="utf-8",
                                   codec_errors="replace", timeout=TIMEOUT, cwd=TOP, env={**os.environ, "TERM": "linux"})
        self.child.delaybeforesend = None
        self.child.logfile_read = self

    def write(self, text):
        self.log.append(text)

    def flush(self):
        pass

    def output(self):
        return "".join(self.log)

    def expect(self, pattern):
        """=> the match; what was printed before it is in self.child.before"""
        try:
            self.child.expect(pattern)
        except (pexpect.TIMEOUT, pexpect.EOF) as why:
            raise AssertionError(f"waited for {pattern!r}, {type(why).__name__}:\n{self.output()[-3000:]}") from None
        return self.child.match

    def keys(self, text, *patterns):
        """Types; then waits for each pattern in turn."""
        self.child.send(text)
        for pattern in patterns:
            self.expect(pattern)

    def prompt(self):
        self.expect(PROMPT)

    def run(self, line):
        """Types a command at the prompt. => what it printed, line by line"""
        self.child.send(line + "\r")
        self.expect(NL)
        self.expect(PROMPT)
        return self.child.before.replace("\x1b[6n", "").replace("\r", "").rstrip("\n").split("\n")

    def end(self):
        """=> the exit status of scripts/run"""
        self.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus

    def __enter__(self):
        return self

    def __exit__(self, *_why):
        self.child.close(force=True)
