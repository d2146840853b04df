# SPDX-License-Identifier: MIT
"""The tour: it holds on both builds and loaders, and it fails when there is something wrong."""
import re

import pytest

from machine import run

ORDER = ["HighMem free", "kswapd0 wakes", "first page out", "kswapd0 sleeps", "the keepers read all",
         "out of memory: the hog is chosen", "the hog is dead", "invoked oom-killer", "Killed process",
         "The survivors verify", "Every check held."]


def tour(words="", swap=("--swap", "64M"), **kwargs):
    return run("--cpus", "2", *swap, append="loglevel=3", execs=[f"/bin/tour {words}".strip()], **kwargs)


@pytest.mark.parametrize("boot", ["direct", "grub"])
def test_every_check_holds(debug, boot):
    result = tour(boot=boot, debug=debug)
    assert result.status == 0, result
    assert "FAIL" not in result.output and "Call trace" not in result.output, result
    places = [result.output.find(text) for text in ORDER]
    assert -1 not in places and places == sorted(places), (list(zip(ORDER, places)), result)


def test_plain_text_when_piped():
    result = tour()
    assert "\033" not in result.output, result
    rows = result.lines(r"^ +\d+\.\d{3}  .*$")
    assert 15 <= len(rows) <= 40, rows
    assert all(len(line) <= 100 for line in result.output.splitlines()), result


def test_a_changed_bit_is_noticed():
    result = tour("--spoil")
    assert result.status == 1, result
    assert re.search(r"\[FAIL\] under pressure", result.output), result
    assert re.search(r"\[FAIL\] the keepers' \d+ MiB", result.output), result


def test_without_swap_there_is_no_tour():
    result = tour(swap=())
    assert result.status == 1, result
    assert "exec: /bin/tour exited with status 2" in result.output, result
