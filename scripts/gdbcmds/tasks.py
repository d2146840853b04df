# SPDX-License-Identifier: MIT
"""tasks, bt PID, $current(), $task(PID): every thread and where it is.

A task that does not run has its registers in the switch_frame at thread.sp (arch/x86_64/process.c):

    sp -> r15 r14 r13 r12 rbx rbp, return address

`bt PID` lends them to the CPU that gdb looks at for the time of one backtrace. `tasks` follows the chain of rbp
only, and names the first function that is not part of sleeping itself (kernel/core, arch).
"""
import struct

import gdb

from gdbcmds import frames, kernel, layout
from gdbcmds.command import Command, need, number

D = layout.DEFINE
SWITCH_FRAME = ("r15", "r14", "r13", "r12", "rbx", "rbp", "rip")
DEPTH = 16


class Task(kernel.Obj):
    """A task_struct; known by its address."""

    def __init__(self, address):
        super().__init__("struct task_struct", address)

    def __eq__(self, other):
        return self.address == other.address

    def __hash__(self):
        return hash(self.address)

    @property
    def pid(self):
        return self["pid"]

    @property
    def comm(self):
        return self["comm"]

    @property
    def mm(self):
        return kernel.Obj("struct mm_struct", self["mm"]) if self["mm"] else None

    def runs_on(self):
        """=> the CPU it runs on, or None"""
        for cpu in kernel.cpus():
            if kernel.per_cpu("runqueues", cpu)["curr"] == self.address:
                return cpu
        return None

    def state(self):
        if self["exit_state"]:
            return "Z" if self["exit_state"] == D["EXIT_ZOMBIE"] else "X"
        state = self["state"]
        for bit, letter in ((D["TASK_DEAD"], "X"), (D["TASK_STOPPED"], "T"), (D["TASK_UNINTERRUPTIBLE"], "D"),
                            (D["TASK_INTERRUPTIBLE"], "S")):
            if state & bit:
                return letter
        return "R"

    def saved(self):
        """=> its registers while it does not run; the stack pointer is that of its caller"""
        sp = self["thread.sp"]
        values = struct.unpack("<7Q", kernel.read(sp, 56))
        return dict(zip(SWITCH_FRAME, values), rsp=sp + 56)

    def chain(self):
        """=> return addresses by frame pointers, while they stay on its stack"""
        registers = self.saved()
        low, frame = self["stack"], registers["rbp"]
        yield registers["rip"]
        for _ in range(DEPTH):
            if not low <= frame <= low + D["KERNEL_STACK_SIZE"] - 16:
                return
            frame, ip = struct.unpack("<2Q", kernel.read(frame, 16))
            yield ip


def rss(mm):
    return max(mm["rss_stat[0]"], 0) + max(mm["rss_stat[1]"], 0) if mm else 0


def all_tasks():
    """=> every thread, process by process; the idle tasks are not among them"""
    head = Task(kernel.address_of("init_task"))
    need(head["tasks.next"] and kernel.cpus(), "the kernel has no tasks yet: `continue`, and Ctrl-C when it has booted")
    for leader in kernel.list_entries(head.at("tasks"), "struct task_struct", "tasks"):
        signal = leader["signal"]
        threads = kernel.Obj("struct signal_struct", signal).at("threads") if signal else 0
        found = [Task(t.address) for t in kernel.list_entries(threads, "struct task_struct", "thread_node")] if threads else []
        yield from found or [Task(leader.address)]


def find_task(pid):
    for task in all_tasks():
        if task.pid == pid:
            return task
    return None


def task_of_word(word):
    pid = number(word, "a pid")
    task = find_task(pid)
    need(task, f"no task has pid {pid} (tasks lists them)")
    return task


def current():
    """=> the task of the CPU that gdb has selected"""
    return Task(kernel.per_cpu("current_task", kernel.selected_cpu()))


def complete_pid(text):
    try:
        return [str(t.pid) for t in all_tasks() if str(t.pid).startswith(text)]
    except (gdb.error, gdb.GdbError, kernel.Unreadable):
        return []


# ---- Where it sleeps -----------------------------------------------------------------------------------


def place_of(ip):
    """=> (function, file) of an address of the kernel"""
    block = None
    try:
        block = gdb.block_for_pc(ip - 1)
    except RuntimeError:
        pass
    while block and not block.function:
        block = block.superblock
    if not block:
        text = gdb.execute(f"info symbol {ip:#x}", to_string=True).split()
        return text[0], ""
    return block.function.name, block.function.symtab.filename


def where(task):
    cpu = task.runs_on()
    if cpu is not None:
        return f"running on CPU {cpu}"
    if task["exit_state"] or not task["stack"]:
        return "-"
    places = [place_of(ip) for ip in task.chain()]
    for function, file in places:
        if file and "kernel/core/" not in file and "arch/" not in file:
            return function
    return next((function for function, _ in places if "schedule" not in function and "switch" not in function), places[0][0])


class Tasks(Command):
    """tasks: every thread of the machine.

PID, process (TGID), state (R runnable, S sleeps, D sleeps and only its event wakes it, T stopped, Z zombie), the
CPU it is on or was on last, pages in memory (RSS, KiB), its mm_struct (- for the kernel's own threads), its name,
and the function in which it waits. `bt PID` shows all of that stack; `p *$task(PID)` the structure."""

    name = "tasks"

    def run(self, words):
        tasks = list(all_tasks())
        print(f"{'PID':>5} {'TGID':>5} S CPU {'RSS':>8}  {'MM':<18}  {'NAME':<15}  WHERE")
        for task in tasks:
            mm = task.mm
            print(f"{task.pid:5} {task['tgid']:5} {task.state()} {task['cpu']:3} {rss(mm) * 4:8}  "
                  f"{f'{mm.address:#x}' if mm else '-':<18}  {task.comm:<15}  {where(task)}")


# ---- bt -------------------------------------------------------------------------------------------------


def show_sleeping(task):
    registers = task.saved()
    kept = {name: kernel.newest_register(name) for name in registers}
    try:
        for name, value in registers.items():
            gdb.execute(f"set ${name} = {value:#x}", to_string=True)
        frames.backtrace(user_readable=False)
    finally:
        for name, value in kept.items():
            gdb.execute(f"set ${name} = {value:#x}", to_string=True)
        kernel.forget()


def show_running(cpu):
    selected = gdb.selected_thread()
    try:
        kernel.thread_of_cpu(cpu).switch()
        frames.backtrace()
    finally:
        selected.switch()


class Bt(Command):
    """bt [PID | ARGUMENTS OF backtrace]: the stack of a task, or of the CPU that is selected.

bt PID shows the kernel stack of the task: of one that sleeps from its saved registers, of one that runs as its CPU
has it now. Everything else (bt, bt full, bt -5, bt 5 where no task has that pid) is gdb's own backtrace: a positive
number means a task first, so say `backtrace 5` for the five innermost frames."""

    name = "bt"
    kind = gdb.COMMAND_STACK
    words_wanted = (0, 9)

    def run(self, words):
        task = find_task(int(words[0])) if len(words) == 1 and words[0].isdecimal() else None
        if not task:
            if len(words) == 1 and words[0].isdecimal():
                print(f"No task has pid {words[0]}; the innermost frames of the selected CPU:")
            return frames.backtrace(words)
        cpu = task.runs_on()
        print(f"Task {task.pid} ({task.comm}), {task.state()}, " + ("not running:" if cpu is None else f"on CPU {cpu}:"))
        need(cpu is not None or task["exit_state"] == 0, f"task {task.pid} has ended: it has no stack any more")
        if cpu is None:
            show_sleeping(task)
        else:
            show_running(cpu)

    def complete(self, text, word):
        return complete_pid(word)


class CurrentFunction(gdb.Function):
    """$current(): the task_struct of the selected CPU's task, as in `p $current()->comm`."""

    def __init__(self):
        super().__init__("current")

    def invoke(self):
        kernel.forget()
        return task_value(current())


class TaskFunction(gdb.Function):
    """$task(PID): the task_struct with that pid, as in `p $task(1)->mm`."""

    def __init__(self):
        super().__init__("task")

    def invoke(self, pid):
        kernel.forget()
        return task_value(task_of_word(str(int(pid))))


def task_value(task):
    return gdb.Value(task.address).cast(kernel.lookup_type("struct task_struct").pointer())


Tasks()
Bt()
CurrentFunction()
TaskFunction()
