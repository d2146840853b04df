# SPDX-License-Identifier: MIT
"""scripts/check-oom: each kill that a real kernel printed is a test; recorded otherwise, the same file fails."""
import os
import re
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.join(TOP, "tests", "data", "oom")
CASES = sorted(name for name in os.listdir(DATA) if name[0].isdigit())


def check(folder):
    done = subprocess.run([os.path.join(TOP, "scripts", "check-oom"), str(folder)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def recorded(name, key):
    with open(os.path.join(DATA, name), encoding="utf-8") as case:
        found = re.search(rf"(?m)^{key}: *(\S+)", case.read())
    return found and found[1]


def test_there_are_cases():
    assert len(CASES) >= 8 and {recorded(name, "era") for name in CASES} >= {"ptes", "ptes-root30", "pgtables_bytes"}


@pytest.fixture(scope="module")
def verdicts():
    """=> {file: line} of one run over all cases"""
    status, text = check(DATA)
    assert status == 0, text
    return {line.split()[0]: line for line in text.splitlines()}


@pytest.mark.parametrize("name", CASES)
def test_case(name, verdicts):
    """Our badness, fed the recorded table, picks the recorded victim with the recorded score."""
    victim, score = recorded(name, "victim"), recorded(name, "score")
    line = rf"{re.escape(name)} victim {victim} score {score or '[0-9]+'} ok"
    assert re.fullmatch(line, verdicts[name]), verdicts[name]


def test_cases_recorded_otherwise(tmp_path):
    """Each case with another victim, each with another score: none is ok."""
    wanted = set()
    for name in CASES:
        for key in ("victim", "score"):
            with open(os.path.join(DATA, name), encoding="utf-8") as case:
                text, n = re.subn(rf"(?m)^{key}: *(\d+)", lambda found: f"{key}: {int(found[1]) + 1}", case.read(), count=1)
            if n:
                (tmp_path / f"{key}-{name}").write_text(text, encoding="utf-8")
                wanted.add(f"{key}-{name}")
    status, said = check(tmp_path)
    assert status == 1 and {line.split()[0] for line in said.splitlines() if "FAIL" in line} == wanted, said


def test_what_is_no_case(tmp_path):
    texts = ("", "victim: 1\n", "tasks: pid\n", "ram_pages: 100\ntasks: pid\n1 0 1 1 1 1 1 0 init\n", "\0\1" * 99)
    for i, text in enumerate(texts):
        (tmp_path / f"bad{i}.txt").write_text(text, encoding="utf-8")
    status, said = check(tmp_path)
    assert status == 1 and said.count("FAIL") == len(texts) and "Traceback" not in said, said


def test_no_folder(tmp_path):
    assert check(tmp_path)[0] == 2 and check(tmp_path / "nowhere")[0] == 2
