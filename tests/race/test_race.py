# SPDX-License-Identifier: MIT
"""The contest's gates: how far from Belady's OPT, from exact LRU and from the best static set policies may be.

Each run is the kernel's own mm code on the host's machine; the ideals get as many frames as the policy had on average.
"""
import fcntl
import functools
import importlib.machinery
import importlib.util
import os
import re
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import traces  # noqa: E402

FRAMES = 1024
DEFAULT = "lru2"


def load_script(path):
    loader = importlib.machinery.SourceFileLoader("race_script", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("race_script", loader))
    loader.exec_module(module)
    return module


race = load_script(os.path.join(TOP, "scripts", "race"))


@pytest.fixture(scope="session", autouse=True)
def built():
    """Workers of xdist build it one after the other."""
    os.makedirs(os.path.join(TOP, "build"), exist_ok=True)
    with open(os.path.join(TOP, "build", "race.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", "build/host/race"], cwd=TOP, check=True)


@functools.lru_cache(None)
def run(policy, trace, frames=FRAMES):
    result = race.run(policy, frames, trace)
    assert result["wrong_words"] == 0
    return result


def best(trace, key="misses"):
    """=> the run of the policy that does best on the trace"""
    return min((run(policy, trace) for policy in race.policies()), key=lambda r: r[key])


@pytest.mark.parametrize("trace", traces.names())
def test_every_policy_keeps_every_word_and_none_beats_opt(trace):
    for policy in race.policies():
        r = run(policy, trace)
        assert FRAMES * 0.9 < r["resident"] <= r["resident_max"] <= FRAMES + 48, r
        assert r["pages"] <= r["misses"] <= r["refs"], r
        # with all the frames it ever had, Belady needs no more misses
        assert r["opt"] * r["resident"] <= r["misses"] * r["resident_max"], r
        assert r["opt"] <= min(r["lru"], r["static"]), r


@pytest.mark.parametrize("trace", traces.names())
def test_the_default_is_close_to_exact_lru(trace):
    r = run(DEFAULT, trace)
    assert r["misses"] <= 1.10 * r["lru"], r


@pytest.mark.parametrize("trace", ["loop", "phases"])
def test_the_best_is_close_to_opt(trace):
    r = best(trace)
    assert r["misses"] <= 1.25 * r["opt"], r


def test_zipf_comes_close_to_the_best_static_set():
    """OPT itself is out of reach: it knows when each page is used next, and the trace has no memory."""
    r = best("zipf")
    assert r["misses"] <= 1.10 * r["static"], r
    assert r["misses"] <= 0.80 * r["lru"], r


@pytest.mark.parametrize("trace", ["scan-anon", "scan-file"])
def test_a_scan_spares_the_hot_set(trace):
    r = best(trace, "misses_hot")
    assert r["misses_hot"] <= 1.25 * r["opt_hot"], r


def test_clockpro_alone():
    """The policy that looks at distances: near OPT where LRU has no chance, and never far behind LRU."""
    assert run("clockpro", "loop")["misses"] <= 1.25 * run("clockpro", "loop")["opt"]
    for trace in traces.names():
        r = run("clockpro", trace)
        assert r["misses"] <= 1.25 * r["lru"], r


def test_a_run_repeats_exactly():
    assert race.run(DEFAULT, 512, "mixed") == race.run(DEFAULT, 512, "mixed")


def test_made_traces_are_the_same_everywhere(tmp_path):
    """Another process, another folder: the same bytes."""
    subprocess.run([sys.executable, os.path.join(HERE, "traces.py"), str(tmp_path), "phases", "mixed"], check=True,
                   stdout=subprocess.DEVNULL)
    for name in ("phases", "mixed"):
        assert (tmp_path / f"{name}.trace").read_text() == traces.MADE[name]().text()
        assert (tmp_path / f"{name}.trace").stat().st_size > 100000


def test_the_board_and_the_picture_tell_what_was_measured(tmp_path):
    results = [run(policy, trace) for policy in race.policies() for trace in ("loop", "scan-file")]
    names = race.policies()
    table = race.table(results, "loop", names)
    for r in results:
        if r["trace"] == "loop":
            assert re.search(rf"{r['policy']} +{r['misses']} +{r['misses'] / r['opt']:.2f}\b", table)
    board = race.leaderboard(results, names).splitlines()[1:]
    assert sorted(line.split()[1] for line in board) == sorted(names)
    scores = [float(line.split()[2]) for line in board]
    assert scores == sorted(scores) and scores[0] >= 1
    picture = race.svg(results, names)
    assert picture.count("<polyline") == 2 * (len(names) + 2)
    assert all(f">{name}</text>" in picture for name in names + ["OPT", "exact LRU", "loop", "scan-file"])


def test_an_unknown_policy_or_a_broken_trace_is_told(tmp_path):
    bad = tmp_path / "bad.trace"
    bad.write_text("space 0 anon 4\nl 0 4\n")
    for arguments, message in ((["nobody", "512", traces.write("loop", str(tmp_path))], "nobody"),
                               (["lru2", "512", str(bad)], "bad.trace:2: pages outside of the space"),
                               (["lru2", "5", str(bad)], "frames")):
        done = subprocess.run([race.RACE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1 and message in done.stderr and not done.stdout
