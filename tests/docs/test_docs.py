# SPDX-License-Identifier: MIT
"""What the documents say about the sources is so: files, tests, floors, locks. (Commands: tests/boot/test_docs.py.)"""
import ast
import glob
import os
import re
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGES = ["README.md"] + sorted(os.path.relpath(p, TOP) for p in glob.glob(os.path.join(TOP, "docs", "*.md")))


def text_of(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def sources():
    return sorted(os.path.relpath(p, TOP) for p in glob.glob(os.path.join(TOP, "mm", "*.c")))


def test_readme_is_short():
    assert len(text_of("README.md").splitlines()) <= 100


def test_every_source_of_mm_is_read_once():
    named = re.findall(r"`(mm/\w+\.c)`", text_of("docs/READING.md"))
    assert sorted(named) == sources()


def test_every_step_has_a_test_and_an_experiment():
    steps = re.split(r"(?m)^\*\*\d+\.", text_of("docs/READING.md"))[1:]
    assert len(steps) > 20
    for step in steps:
        assert re.search(r"(?m)^Test: `", step) and re.search(r"Try: `[^`]+`$", step, re.M), step


def test_the_tests_of_the_reading_order_exist():
    tests = re.findall(r"(?m)^Test: (.*?)\. Try:", text_of("docs/READING.md"))
    selftests = re.findall(r"SELFTEST\((\w+)\)", "".join(text_of(os.path.relpath(p, TOP)) for p in
                           glob.glob(os.path.join(TOP, "**", "*.c"), recursive=True) if "/build/" not in p))
    for name in re.findall(r"`([^`]+)`", ", ".join(tests)):
        if name.startswith("selftest="):
            assert any(t.startswith(name[len("selftest="):]) for t in selftests), name
        else:
            places = [name, f"tests/boot/{name}", f"tests/host/{name}.c"]
            assert any(os.path.isfile(os.path.join(TOP, p)) for p in places), name


@pytest.mark.parametrize("page", PAGES)
def test_files_and_links_exist(page):
    text = text_of(page)
    folders = "arch|boot|docs|drivers|fs|kernel|mm|scripts|tests|user"
    for path in re.findall(rf"`((?:{folders})/[\w./+-]+\.(?:c|h|S|py|md|ld))`", text):
        assert os.path.exists(os.path.join(TOP, path)), path
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert os.path.exists(os.path.join(TOP, os.path.dirname(page), link)), link


def test_locking_is_current():
    assert subprocess.run([os.path.join(TOP, "scripts", "gen-locking"), "--check"]).returncode == 0


def test_the_slow_path_is_current():
    tool = os.path.join(TOP, "build/host/tool_slow_path")
    assert subprocess.run(["make", "-s", tool.removeprefix(TOP + "/")], cwd=TOP).returncode == 0
    assert subprocess.run([os.path.join(TOP, "scripts", "gen-slow-path"), "--check"]).returncode == 0


def test_the_map_has_the_floors_that_are_checked():
    script = text_of("scripts/check-layers")
    checked = {}
    exec(script[script.index("FLOORS = {"):script.index("# (user, symbol)")], checked)
    want = {f"M{floor}": sorted(names.split()) for floor, names in checked["FLOORS"].items()}
    want["MX"] = sorted(checked["OBSERVERS"].split())
    rows = re.findall(r"(?m)^\| (M\w) \| [^|]* \| (.*) \|$", text_of("docs/map.md"))
    assert {floor: sorted(re.findall(r"`(\w+)`", names)) for floor, names in rows} == want
    assert sorted(f"mm/{n}.c" for names in want.values() for n in names) == sources()


def test_the_textbooks_names_are_here():
    """universal-ctags finds each name of docs/textbook.md in the file given."""
    rows = re.findall(r"(?m)^\| [^|`]+ \| `(\w+)` \| `([\w/.]+)` \|", text_of("docs/textbook.md"))
    assert len(rows) > 100
    done = subprocess.run(["ctags", "-x", "--c-kinds=+defgmpstuv", "--_xformat=%N %F"] + sorted({p for _, p in rows}),
                          cwd=TOP, stdout=subprocess.PIPE, text=True, check=True)
    tags = set(done.stdout.splitlines())
    assert [row for row in rows if " ".join(row) not in tags] == []


def test_the_ways_through_the_map_are_the_sources():
    """Each function is in the file beside it, and its name in the file of the one that calls it."""
    rows = re.findall(r"(?m)^( *)(\w+) +((?:kernel|mm)/[\w/]+\.[ch])\b", text_of("docs/map.md"))
    assert len(rows) > 40
    done = subprocess.run(["ctags", "-x", "--c-kinds=f", "--_xformat=%N %F"] + sorted({path for _, _, path in rows}),
                          cwd=TOP, stdout=subprocess.PIPE, text=True, check=True)
    tags, above = set(done.stdout.splitlines()), []
    for blanks, name, path in rows:
        assert f"{name} {path}" in tags, (name, path)
        above = above[: len(blanks) // 2] + [path]
        assert len(above) == len(blanks) // 2 + 1, name
        if blanks:
            assert re.search(rf"\b{name}\b", text_of(above[-2])), (name, above[-2])


def faults():
    """=> (name, {key: value}) of each file of tests/mutations"""
    for name in sorted(os.listdir(os.path.join(TOP, "tests", "mutations"))):
        lines = text_of(f"tests/mutations/{name}").splitlines()
        yield name, dict(line.split(": ", 1) for line in lines if ": " in line)


def test_every_fault_finds_its_line():
    """tests/mutate would notice, but only when it comes to that fault."""
    for fault, keys in faults():
        found = [line.strip() for line in text_of(keys["file"]).splitlines()].count(keys["find"].strip())
        assert found == 1, fault


def test_every_fault_has_its_test():
    listed = subprocess.run(["/usr/bin/python3", "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests/boot",
                             "tests/race"],
                            cwd=TOP, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    for fault, keys in faults():
        kind, where = keys["test"].split(" ", 1)
        if kind == "host":
            assert os.path.exists(os.path.join(TOP, "tests", "host", where + ".c")), fault
        else:
            path = f"tests/{kind}/{where}"
            assert any(test == path or test.startswith((path + "::", path + "[")) for test in listed), fault


def test_every_message_of_the_bad_input_page_is_tested():
    sys.path.insert(0, os.path.join(TOP, "tests", "boot"))
    import bad_input
    trees = [ast.parse(text_of(os.path.relpath(p, TOP))) for p in glob.glob(os.path.join(TOP, "tests", "boot", "test_*.py"))]
    literals = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for message in bad_input.messages():
        assert any(part in message for part in literals if len(part) > 10), message
