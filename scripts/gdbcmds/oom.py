# SPDX-License-Identifier: MIT
"""mm oom: the OOM killer's trial, held outside the machine from the same fields, in the words of /proc/oom.

The rules are those of mm/oom_select.c and mm/oom_score.c, written down a second time: a difference from /proc/oom of the
same moment is a fault in one of them.
"""
from gdbcmds import kernel, layout
from gdbcmds.command import Command, need_memory
from gdbcmds.tasks import all_tasks

D = layout.DEFINE
ORIGIN = 1 << 64
NEVER = -1000
NEVER_FIRST, NEVER_KERNEL, EXITED, NO_MEMORY = "never: the first process", "never: kernel thread", "has exited", "has no memory"
DYING = "dying already: everybody waits for it"
EXITING = "exiting by itself: everybody waits for it"
FIRST = "first of all: swapoff in progress"
HEAD = "  pid  tgid   uid      rss     swap  ptes    root   adj  adj*unit   points score name            verdict"


def per_mille(number, total):
    return number * 1000 // total


class Total:
    def __init__(self):
        self.ram, self.swap = kernel.symbol("totalram_pages"), kernel.symbol("total_swap_pages")
        self.pages = self.ram + self.swap
        self.unit = self.pages // 1000


class Accused:
    """One thread, with every term of its score."""

    def __init__(self, task, threads, total):
        self.task, self.pid, self.tgid, self.uid, self.comm = task, task.pid, task["tgid"], task["uid"], task.comm
        self.signal = kernel.Obj("struct signal_struct", task["signal"]) if task["signal"] else None
        self.rss = self.swap = self.ptes = self.root = self.adj = 0
        self.reaped = False
        owner = next((t for t in threads if t.mm), None) if self.signal else None
        if owner:
            self.gather(owner)
        self.share = self.adj * total.unit
        self.standing = self.stand()
        self.points = self.judge(owner)
        self.score = 1000 if self.points == ORIGIN else per_mille(self.points, total.pages)

    def gather(self, owner):
        """The thread of the process that still has the memory tells for all."""
        mm, most = owner.mm, lambda n: max(n, 0)
        files, anon, swapped = (most(mm[f"rss_stat[{i}]"]) for i in range(3))
        self.rss, self.swap, self.ptes, self.adj = files + anon, swapped, mm["nr_ptes"], self.signal["oom_score_adj"]
        if owner["cap_effective"] >> 21 & 1:
            self.root = (self.rss + self.swap + self.ptes) * 3 // 100
        self.reaped = bool(mm["flags"] >> D["MMF_OOM_REAPED_BIT"] & 1)

    def stand(self):
        """=> the words for one that is no candidate, None for a candidate"""
        task, exiting = self.task, self.task["flags"] & D["PF_EXITING"]
        if task["exit_state"]:
            return EXITED
        if self.tgid == 1:
            return NEVER_FIRST
        if task["flags"] & D["PF_KTHREAD"]:
            return NEVER_KERNEL
        if task["thread_flags"] >> kernel.enum_bit("thread_flag", "TIF_MEMDIE") & 1:
            return DYING
        if not task.mm:
            return NO_MEMORY
        if self.signal["oom_origin"]:
            return FIRST
        return EXITING if exiting and not task.mm["flags"] >> D["MMF_OOM_REAPED_BIT"] & 1 else None

    def judge(self, owner):
        if self.standing == FIRST:
            return ORIGIN
        if self.standing or not owner or self.adj == NEVER or self.reaped:
            return 0
        return max(self.rss + self.swap + self.ptes - self.root + self.share, 1)

    def row(self, worst):
        points, score = ("-", "-") if self.standing else (self.points, self.score)
        return (f"{self.pid:5} {self.tgid:5} {self.uid:5} {self.rss:8} {self.swap:8} {self.ptes:5} {-self.root:7} {self.adj:5} "
                f"{self.share:9} {points:>8} {score:>5} {self.comm:<15} {self.words(worst)}")

    def words(self, worst):
        if self.standing:
            return self.standing
        if self.reaped:
            return "its memory has been taken already"
        if self.adj == NEVER:
            return "never: oom_score_adj is -1000"
        if not worst:
            return "not while another is dying"
        if self.pid == worst.pid:
            return "the most points"
        if self.tgid == worst.tgid:
            return f"a thread of {worst.tgid}"
        return f"{'no more' if self.points == worst.points else 'fewer'} points than {worst.pid}"


class Trial:
    def __init__(self):
        self.total = Total()
        processes = {}
        for task in all_tasks():
            processes.setdefault(task["signal"] or task.address, []).append(task)
        self.all = [Accused(task, threads, self.total) for threads in processes.values() for task in threads]
        self.by_address = {accused.task.address: accused for accused in self.all}
        self.abort = any(accused.standing in (DYING, EXITING) for accused in self.all)
        self.chosen = None if self.abort else self.choose()
        self.victim = self.sacrifice() if self.chosen else None

    def choose(self):
        chosen = None
        for accused in self.all:
            if not accused.points or chosen and accused.points < chosen.points:
                continue
            if chosen and accused.points == chosen.points and chosen.pid == chosen.tgid:
                continue
            chosen = accused
        return chosen

    def sacrifice(self):
        """=> the worst child of any of its threads that has memory of its own, else itself"""
        victim, most = self.chosen, 0
        for parent in (a for a in self.all if a.tgid == self.chosen.tgid):
            for link in kernel.list_entries(parent.task.at("children"), "struct task_struct", "sibling"):
                child = self.by_address[link.address]
                if child.task["mm"] == self.chosen.task["mm"]:
                    continue
                points = self.badness(child)
                if points > most:
                    victim, most = child, points
        return victim

    def badness(self, child):
        """A child's points count whatever its standing in the scan, unless it must never die."""
        if child.standing in (NEVER_FIRST, NEVER_KERNEL) or not child.ptes and not child.rss and not child.swap:
            return 0
        if child.adj == NEVER or child.reaped:
            return 0
        return max(child.rss + child.swap + child.ptes - child.root + child.share, 1)

    def sentence(self):
        panics, asker = kernel.symbol("sysctl_panic_on_oom"), kernel.symbol("sysctl_oom_kill_allocating_task")
        if panics:
            yield f"verdict: panic, for panic_on_oom is {panics}"
            return
        first = "verdict: "
        if asker:
            yield "verdict: whoever asks for memory dies, for oom_kill_allocating_task is set;"
            first = "         if it may not: "
        if self.abort:
            yield first + "nobody, until the one that is dying has gone"
        elif not self.chosen:
            yield first + "panic, for there is nobody to kill"
        else:
            yield from self.death(first)

    def death(self, first):
        chosen, victim = self.chosen, self.victim
        text = f"{first}{chosen.pid} ({chosen.comm}) is chosen, score {chosen.score}: nobody has more points"
        if victim.pid == chosen.pid:
            yield text
            return
        yield text + ";"
        yield f"         its child {victim.pid} ({victim.comm}), score {victim.score}, has memory of its own and dies instead"


class Oom(Command):
    """mm oom: who would be killed if memory ran out now, and why each of the others would not.

A row for each thread with every term of its score: pages of RSS, swap and page tables, root's three per cent, what
oom_score_adj adds. The same table as /proc/oom (docs/oom.md), which needs a machine that still runs."""

    name = "mm oom"

    def run(self, words):
        need_memory()
        trial = Trial()
        total = trial.total
        print(f"memory: {total.ram} pages of RAM + {total.swap} of swap = {total.pages}; "
              f"the unit of oom_score_adj is {total.unit} pages\n\n{HEAD}")
        for accused in trial.all:
            print(accused.row(trial.chosen))
        print()
        for line in trial.sentence():
            print(line)


Oom()
