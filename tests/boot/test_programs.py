# SPDX-License-Identifier: MIT
"""Other people's unmodified static programs from Debian's packages, and our small ones of tests/user."""
import glob
import os
import shutil

import pytest

from machine import PROGRAMS, TOP, program, run

# have tests of their own
NOT_BY_ITSELF = {
    "bad_disk",
    "bad_swap",
    "core_crash",
    "exhaust",
    "fs_block",
    "fs_swap",
    "gentle",
    "inject",
    "knobs",
    "oom_gone",
    "oom_survivor",
    "policy_switch",
    "workload",
    "reclaim",
    "shmem_race",
    "swap_race",
    "page_cache",
    "swap_stall",
    "swapctl",
    "sysfuzz",
    "tty_keys",
    "vm_disk",
    "vm_many",
}


def debian(*paths):
    for path in paths:
        if os.path.exists(path):
            return path
    pytest.fail(f"{paths[0]} is missing: scripts/setup installs it")


def test_bash_static(debug):
    result = run(debug=debug, adds=[f"{debian('/bin/bash-static')}:/bin/bash"],
                 execs=["/bin/bash -c 'x=$((6*7)); f() { echo \"answer $1\"; }; f $x; [[ abc == a* ]] && echo glob'"])
    assert result.status == 0, result
    assert result.lines(r"^answer 42$") and result.lines(r"^glob$"), result


def test_busybox_pipelines(debug):
    script = ("seq 1 1000 | grep 7 | wc -l; echo one two three | tr \" \" \"\\n\" | sort -r | head -n 1; "
              "dd if=/dev/zero bs=4096 count=16 2>/dev/null | md5sum; ls / | grep -c proc; (exit 3); echo status $?")
    result = run("--cpus", 2, debug=debug, execs=[f"/bin/busybox sh -c '{script}'"])
    assert result.status == 0, result
    for line in (r"^271$", r"^two$", r"^fcd6bcb56c1689fcef28b57c22475bad  -$", r"^1$", r"^status 3$"):
        assert result.lines(line), (line, result)


def test_mksh():
    mksh = debian("/usr/lib/x86_64-linux-musl/bin/mksh")
    result = run(adds=[f"{mksh}:/bin/mksh"], execs=["/bin/mksh -c 'set -A a x y z; print ${a[1]} ${#a[*]}; print $((1<<10))'"])
    assert result.status == 0, result
    assert result.lines(r"^y 3$"), result


def test_tini_static():
    result = run(adds=[f"{debian('/usr/bin/tini-static')}:/bin/tini"], execs=["/bin/tini -s -- /bin/busybox sh -c 'echo below; exit 7'"])
    assert result.status == 1, result
    assert result.lines(r"^below$") and result.lines(r"exited with status 7$"), result


def test_ldconfig_is_a_true_static_pie():
    result = run(adds=[f"{debian('/sbin/ldconfig')}:/bin/ldconfig"], execs=["/bin/ldconfig --version"])
    assert result.status == 0, result
    assert result.lines(r"^ldconfig \(.*GLIBC"), result


def test_a_dynamic_program_is_refused_with_a_reason():
    result = run(adds=[f"{shutil.which('true')}:/bin/dynamic"], execs=["/bin/dynamic"])
    assert result.status == 1, result
    assert "dynamic" in result.output and "static" in result.output, result


def sources():
    return sorted(os.path.basename(path)[:-2] for path in glob.glob(os.path.join(TOP, "tests", "user", "*.c")))


@pytest.mark.parametrize("name", [name for name in sources() if name not in NOT_BY_ITSELF])
def test_program(name, debug):
    result = run("--cpus", 2, debug=debug, adds=[program(name)], execs=[f"/{name}"])
    assert result.status == 0, result
    assert "FAIL" not in result.output, result
