# SPDX-License-Identifier: MIT
"""The traces of the race: made from fixed seeds, or recorded in a running kernel (tests/race/recorded).

    python3 tests/race/traces.py DIRECTORY [NAME...]    writes NAME.trace, all of them without names

docs/race.md explains the format. A made trace depends on its name alone: the same bytes on every machine.
"""
import bisect
import glob
import gzip
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDED = os.path.join(HERE, "recorded")


class Trace:
    def __init__(self, name, about):
        self.rng = random.Random(f"tidemark {name}")
        self.head = ["# " + about]
        self.refs = []
        self.spaces = 0
        self.task = 0

    def space(self, kind, pages, task=0):
        self.head.append(f"space {self.spaces} {kind} {pages} task {task}")
        self.spaces += 1
        return self.spaces - 1

    def hot(self, space, first, count):
        self.head.append(f"hot {space} {first} {count}")

    def switch(self, task):
        if task != self.task:
            self.refs.append(f"task {task}")
            self.task = task

    def touch(self, space, page, stores=0.3):
        """One reference to mapped memory, a store with that probability."""
        self.refs.append(f"{'s' if self.rng.random() < stores else 'l'} {space} {page}")

    def call(self, op, space, page):
        self.refs.append(f"{op} {space} {page}")

    def text(self):
        return "\n".join(self.head + self.refs) + "\n"


def zipf_chooser(rng, pages, exponent):
    """=> a function: pages in a random order, the i-th with weight 1 / i ** exponent"""
    sums, total = [], 0.0
    for i in range(pages):
        total += 1 / (i + 1) ** exponent
        sums.append(total)
    order = list(range(pages))
    rng.shuffle(order)
    return lambda: order[bisect.bisect_left(sums, rng.random() * total)]


def loop():
    t = Trace("loop", "1280 pages round and round: the worst case of LRU as soon as one page is missing")
    space = t.space("anon", 1280)
    for _ in range(40):
        for page in range(1280):
            t.touch(space, page)
    return t


def phases():
    t = Trace("phases", "three working sets of 700 pages, touched at random, one after the other, and once more")
    space = t.space("anon", 2100)
    for phase in (0, 1, 2, 0, 1, 2):
        for _ in range(16000):
            t.touch(space, phase * 700 + t.rng.randrange(700))
    return t


def zipf():
    t = Trace("zipf", "4096 pages, the i-th most popular one with weight 1/i")
    space = t.space("anon", 4096)
    choose = zipf_chooser(t.rng, 4096, 1.0)
    for _ in range(400000):
        t.touch(space, choose())
    return t


def scan(kind):
    t = Trace(f"scan-{kind}", f"256 hot pages touched at random while a scan passes once over 3072 pages ({kind})")
    hot, cold = t.space("anon", 256), t.space(kind, 3072)
    t.hot(hot, 0, 256)
    for _ in range(3000):
        t.touch(hot, t.rng.randrange(256))
    for page in range(3072):
        t.touch(hot, t.rng.randrange(256))
        if kind == "file":
            t.call("r", cold, page)
        else:
            t.touch(cold, page)
    return t


def uniform():
    t = Trace("uniform", "1536 pages, each reference to any of them: nothing to be learnt")
    space = t.space("anon", 1536)
    for _ in range(60000):
        t.touch(space, t.rng.randrange(1536))
    return t


def mixed():
    t = Trace("mixed", "three tasks in turns: a popular data set, a mapped file read in a loop, log writes and reads")
    heap, data, log = t.space("anon", 2000, 0), t.space("file", 900), t.space("file", 3000)
    private = t.space("anon", 300, 2)
    choose = zipf_chooser(t.rng, 2000, 0.9)
    at = written = 0
    for _ in range(4000):
        t.switch(0)
        for _ in range(t.rng.randrange(40)):
            t.touch(heap, choose())
        t.switch(1)
        for _ in range(t.rng.randrange(12)):
            t.touch(data, at % 900, stores=0)
            at += 1
        t.switch(2)
        for _ in range(t.rng.randrange(6)):
            t.touch(private, t.rng.randrange(300))
        t.call("w", log, written % 3000)
        if t.rng.random() < 0.3:
            t.call("r", log, t.rng.randrange(min(written, 2999) + 1))
        written += t.rng.random() < 0.5
    return t


MADE = {"loop": loop, "phases": phases, "zipf": zipf, "scan-anon": lambda: scan("anon"),
        "scan-file": lambda: scan("file"), "uniform": uniform, "mixed": mixed}


def recorded():
    return {os.path.basename(p)[:-len(".trace.gz")]: p for p in sorted(glob.glob(os.path.join(RECORDED, "*.trace.gz")))}


def text_of(name):
    if name in MADE:
        return MADE[name]().text()
    with gzip.open(recorded()[name], "rt") as f:
        return f.read()


def names():
    return list(MADE) + list(recorded())


def write(name, folder):
    """=> path of the trace in folder; it is written if it is not there as it should be"""
    path = os.path.join(folder, f"{name}.trace")
    stamp = f"{path}.made"  # which state of what file made it
    source = str(os.stat(recorded().get(name, __file__)).st_mtime_ns)
    if not os.path.exists(path) or not os.path.exists(stamp) or open(stamp).read() != source:
        os.makedirs(folder, exist_ok=True)
        for target, words in ((path, text_of(name)), (stamp, source)):
            with open(f"{target}.{os.getpid()}", "w") as f:
                f.write(words)
            os.replace(f.name, target)  # others may be reading it
    return path


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for wanted in sys.argv[2:] or names():
        print(write(wanted, sys.argv[1]))
