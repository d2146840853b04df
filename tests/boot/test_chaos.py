# SPDX-License-Identifier: MIT
"""chaos=SEED: random delays at the points where CPUs meet, in debug builds; the machine must not notice."""
from machine import run


def counted(result):
    """=> {point: delays} of the line at the end of the machine"""
    (seed, text), = result.lines(r"chaos: seed (\d+): delays: (.*)$")
    return int(seed), {name: int(n) for n, name in (part.split(" ", 1) for part in text.strip().split(", "))}


def test_every_point_delays():
    """Several CPUs that fork, wake and flush for each other pass all of them."""
    loop = "i=0; while [ $i -lt 40 ]; do busybox true | busybox cat; i=$((i+1)); done"
    result = run("--cpus", 4, "--memory", "64M", debug=True, append="chaos=5",
                 execs=["/bin/soak --ops 400 --tasks 8 --mib 32", f"/bin/busybox sh -c '{loop}'"])
    seed, delays = counted(result)
    assert result.status == 0 and seed == 5, result
    assert result.lines("chaos: delays drawn from seed 5$"), result
    assert min(delays.values()) > 0 and delays["locked"] > 1000 and delays["unlocked"] > 1000, result


def test_selftests_under_chaos():
    result = run("--cpus", 4, debug=True, append="chaos=11 selftest")
    assert result.status == 0, result
    assert result.lines(r"selftest: (\d+) passed, 0 failed"), result


def test_the_same_seed_draws_the_same():
    """Under icount a run repeats to the instruction, delays and all; another seed is another run."""
    ends = [counted(run("--cpus", 2, "--icount", debug=True, append=f"chaos={seed}",
                        execs=["/bin/soak --ops 40 --tasks 2 --mib 8"])) for seed in (3, 3, 4)]
    assert ends[0] == ends[1], ends
    assert ends[0][1] != ends[2][1], ends


def test_release_builds_say_what_they_lack():
    result = run(append="chaos=5", execs=["/bin/busybox true"])
    assert result.status == 0, result
    assert result.lines(r"chaos=: this build makes no delays, boot one made with DEBUG=1 \(scripts/run --debug\)$"), result
    assert not result.lines("chaos: seed"), result


def test_a_seed_that_is_none():
    result = run(append="chaos=often", debug=True, execs=["/bin/busybox true"])
    assert result.status == 0, result
    assert result.lines("Malformed kernel parameter `chaos=often'") and not result.lines("chaos: seed"), result
