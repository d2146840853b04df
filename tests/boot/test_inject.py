# SPDX-License-Identifier: MIT
"""Every place that allocates fails once: tests/user/inject. `make inject` fails more requests of each."""
import os
import re

from machine import program, run

ARGS = ("--memory", "48M", "--swap", "64M")
WORDS = "loglevel=2 ramdisk=16M"
MKSWAP = "/bin/busybox mkswap /dev/ram0"


def inject(words, *args, **kwargs):
    result = run(*ARGS, *args, append=WORDS, adds=[program("inject")], execs=[MKSWAP, f"/inject {words}"], **kwargs)
    assert result.status == 0, result
    assert result.lines("^PASS inject$") and not result.lines("FAIL|BUG|panic"), result
    (sites, injected), = result.lines(r"^(\d+) sites, (\d+) injected$")
    assert int(sites) >= 150 and int(injected) >= 150, result


def test_every_site_fails_once():
    inject("--rounds 2", "--cpus", 1)
