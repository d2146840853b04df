# SPDX-License-Identifier: MIT
"""The contest's gates: how far from Belady's OPT, from exact LRU and from the best static set policies may be.

Each run is the kernel's own mm code on the host's machine; the ideals get as many frames as the policy had on average.
"""
import fcntl
import functools
import heapq
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
ONE_PHASE = [768, 1024]  # memory holds one working set of `phases` with little to spare
FEW_OF_ZIPF = [512, 768, 1024, 1280]  # up to a third of its pages


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


def best(trace, frames, key="misses"):
    """=> the run of the policy that does best on the trace with so much memory"""
    return min((run(policy, trace, frames) for policy in race.policies()), key=lambda r: r[key])


@functools.lru_cache(None)
def pages_of(trace):
    """=> the pages referenced, one after the other; for traces of one space whose references are all single"""
    words = [line.split() for line in traces.text_of(trace).splitlines()]
    assert sum(w[0] == "space" for w in words) == 1 and not any(w[0] in "lsrw" and len(w) > 3 for w in words)
    return [int(w[2]) for w in words if w[0] in "lsrw"]


def misses_counting(trace, frames):
    """=> misses of one who counts every reference from the first on, forgets none, and evicts who has the fewest"""
    counts, there, order, misses = {}, set(), [], 0
    for page in pages_of(trace):
        counts[page] = counts.get(page, 0) + 1
        if page in there:
            continue
        misses += 1
        while len(there) == frames:
            count, victim = heapq.heappop(order)
            if count == counts[victim]:
                there.remove(victim)
            else:
                heapq.heappush(order, (counts[victim], victim))
        there.add(page)
        heapq.heappush(order, (counts[page], page))
    return misses


@pytest.mark.parametrize("trace", traces.names())
def test_every_policy_keeps_every_word_and_none_beats_opt(trace):
    for policy in race.policies():
        r = run(policy, trace)
        assert FRAMES * 0.9 < r["resident"] <= r["resident_max"] <= FRAMES + 48, r
        assert r["pages"] <= r["misses"] <= r["refs"], r
        # with all the frames it ever had, Belady needs no more misses
        assert r["opt"] * r["resident"] <= r["misses"] * r["resident_max"], r
        assert r["opt"] <= min(r["lru"], r["static"]), r


@pytest.mark.parametrize("frames", race.FRAMES)
@pytest.mark.parametrize("trace", traces.names())
def test_the_default_is_close_to_exact_lru(trace, frames):
    r = run(DEFAULT, trace, frames)
    assert r["misses"] <= 1.10 * r["lru"], r


@pytest.mark.parametrize("trace, frames", [("loop", f) for f in race.FRAMES + [1152]] + [("phases", f) for f in ONE_PHASE])
def test_the_best_is_close_to_opt(trace, frames):
    r = best(trace, frames)
    assert r["misses"] <= 1.25 * r["opt"], r


@pytest.mark.parametrize("frames", [f for f in race.FRAMES if f not in ONE_PHASE])
def test_phases_are_forgotten_as_quickly_as_can_be(frames):
    """With less memory a working set does not fit; with more, OPT keeps what it knows to come back (docs/race.md)."""
    r = best("phases", frames)
    assert r["misses"] <= 1.02 * r["lru"], r


@pytest.mark.parametrize("frames", FEW_OF_ZIPF)
def test_zipf_comes_close_to_the_best_static_set(frames):
    """OPT itself is out of reach: it knows when each page is used next, and the trace has no memory."""
    r = best("zipf", frames)
    assert r["misses"] <= 1.10 * r["static"], r
    assert r["misses"] <= 0.80 * r["lru"], r


@pytest.mark.parametrize("frames", [f for f in race.FRAMES if f not in FEW_OF_ZIPF])
def test_zipf_in_much_memory_comes_close_to_counting(frames):
    """The set that will have been the best has to be learnt: even who counts everything pays for that."""
    r = best("zipf", frames)
    assert r["misses"] <= 1.10 * misses_counting("zipf", r["resident"]), r


@pytest.mark.parametrize("frames", race.FRAMES)
@pytest.mark.parametrize("trace", ["scan-anon", "scan-file"])
def test_a_scan_spares_the_hot_set(trace, frames):
    r = best(trace, frames, "misses_hot")
    assert r["misses_hot"] <= 1.25 * r["opt_hot"], r


@pytest.mark.parametrize("frames", race.FRAMES)
def test_clockpro_alone(frames):
    """The policy that looks at distances: near OPT where LRU has no chance, and never far behind LRU."""
    assert run("clockpro", "loop", frames)["misses"] <= 1.25 * run("clockpro", "loop", frames)["opt"]
    for trace in traces.names():
        r = run("clockpro", trace, frames)
        assert r["misses"] <= 1.25 * r["lru"], r


@pytest.mark.parametrize("policy", [DEFAULT, "clockpro"])
def test_a_run_repeats_exactly(policy):
    assert race.run(policy, 512, "mixed") == race.run(policy, 512, "mixed")


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
