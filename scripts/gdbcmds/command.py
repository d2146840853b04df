# SPDX-License-Identifier: MIT
"""What every command has in common: one word a line in `help`, messages instead of tracebacks, a running machine.

    halted       the command runs at once
    panicked     the same: the machine waits for us (session.py)
    running      (`continue &`) the machine is interrupted, the command runs at the stop, the machine goes on

In the foreground (`continue`) gdb has no prompt: Ctrl-C brings it back.
"""
import gdb

from gdbcmds import kernel


class Prefix(gdb.Command):
    """The memory manager, looked at from outside: zones, free blocks, pages, page tables.

`help mm zones` and so on tell about one; docs/gdb.md has an example of each."""

    def __init__(self):
        super().__init__("mm", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, prefix=True)


class Command(gdb.Command):
    """Base class: name and run(words) come from the command; its help is the class's __doc__."""

    name = None
    kind = gdb.COMMAND_DATA
    needs_machine = True
    words_wanted = (0, 0)

    def __init__(self):
        super().__init__(self.name, self.kind)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        low, high = self.words_wanted
        if not low <= len(words) <= high:
            raise gdb.GdbError(f"usage: {self.usage()}    (help {self.name})")
        if not self.needs_machine:
            return guarded(self, words)
        thread = machine()
        if thread.is_running():
            return Interrupted(self, words)
        guarded(self, words)

    def usage(self):
        return self.__doc__.split("\n")[0].split(":")[0]

    def complete(self, text, word):
        return gdb.COMPLETE_NONE

    def run(self, words):
        raise NotImplementedError


def guarded(command, words):
    """=> the command has run; whatever is wrong with its words or the machine is told in one line"""
    kernel.forget()
    try:
        command.run(words)
    except (kernel.Unreadable, gdb.error) as error:
        raise gdb.GdbError(f"{command.name}: {error}") from None
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise gdb.GdbError(f"{command.name}: the kernel's structures make no sense there ({error!r})") from None


def machine():
    thread = gdb.selected_thread()
    if not thread or not thread.is_valid():
        raise gdb.GdbError("no machine: start one with `make gdb`, or `target remote :PORT` for scripts/run --gdb PORT")
    return thread


class Interrupted:
    """A command that waits for the running machine to stop; then the machine goes on."""

    waiting = []

    def __init__(self, command, words):
        self.command, self.words = command, words
        if not Interrupted.waiting:
            gdb.events.stop.connect(Interrupted.stopped)
            gdb.execute("interrupt")
        Interrupted.waiting.append(self)

    @staticmethod
    def stopped(event):
        gdb.events.stop.disconnect(Interrupted.stopped)
        ours = getattr(event, "stop_signal", "") in ("SIGINT", "0")
        gdb.post_event(lambda: Interrupted.run_all(ours))

    @staticmethod
    def run_all(go_on):
        waiting, Interrupted.waiting = Interrupted.waiting, []
        for one in waiting:
            try:
                guarded(one.command, one.words)
            except gdb.GdbError as error:
                print(error)
        if go_on:
            gdb.execute("continue &")


# ---- Words of a command line -----------------------------------------------------------------------------


def number(word, what="a number"):
    """=> a number: decimal, 0x..., or any expression that gdb can evaluate ($rsp, page, &symbol)"""
    try:
        value = gdb.parse_and_eval(word)
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_FUNC:
            value = value.address
        return int(value) & 0xffffffffffffffff
    except (gdb.error, ValueError, OverflowError) as error:
        raise gdb.GdbError(f"{word}: {what} wanted ({error})") from None


def need(condition, message):
    if not condition:
        raise gdb.GdbError(message)


def need_memory():
    need(any(kernel.array("node_data")),
         "the kernel has not set up its memory yet: `continue`, and Ctrl-C when it has booted")


Prefix()
