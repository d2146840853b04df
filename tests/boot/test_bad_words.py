# SPDX-License-Identifier: MIT
"""Boot words that are unknown, malformed, too many, too long: docs/bad-input.md. The boot goes on."""
import pytest

from bad_input import seen
from machine import run

TRUE = "/bin/busybox true"


def lives(append, *messages, boot="direct", memory="128M", **kwargs):
    result = run("--memory", memory, append=append, boot=boot, execs=[TRUE], watchdog=False, timeout=60, **kwargs)
    assert result.status == 0, result
    assert result.lines(r"exited with status 0$"), result
    for message in messages:
        seen(result, message)
    return result


def test_unknown_words_are_named_in_one_warning():
    result = lives("frobnicate tide=high mark", "Unknown kernel command line parameters")
    assert result.lines(r"ignored: `frobnicate' `tide=high' `mark'$"), result
    assert len(result.lines("Unknown kernel")) == 1, result
    words = [f"{'x' * (i % 90)}{i}={'y' * (i % 300)}" for i in range(60)]
    result = lives("highmem=0 " + " ".join(words)[:3900], "Unknown kernel command line parameters")
    for word in words[:15]:  # a long word is shown with its first 200 characters
        assert f"`{word[:200]}'" in result.output, (word, result)
    assert 1 < len(result.lines("Unknown kernel")) < 16, result


MALFORMED = ["init=", "init", "maxcpus=0", "maxcpus=-3", "maxcpus=two", "maxcpus", "panic=soon", "panic", "panic=99999999999", "loglevel=", "loglevel=high",
             "page_poison=maybe", "page_poison", "page_owner=", "page_owner=1x", "ramdisk=lots", "ramdisk=", "ramdisk=5Q",
             "watchdog=dog", "watchdog=-1", "console=lpt1", "console=", "chaos=", "chaos=seed"]


def test_malformed_values_have_no_effect():
    result = lives(" ".join(MALFORMED), "Malformed kernel parameter")
    assert "Run /.tidemark-init as the first program" in result.output, result
    for word in MALFORMED:
        assert f"Malformed kernel parameter `{word}':" in result.output, (word, result)
    assert len(result.lines("Malformed")) == len(MALFORMED) and not result.lines("Unknown kernel"), result


def test_malformed_sizes_of_memory():
    result = lives("mem=lots mem= mem=0 mem=-5 mem=64Mx memmap= memmap=exact memmap=5@ memmap=$7,exactmapp highmem=some numa=real",
                   "mem=lots not", "memmap=... not understood", "highmem=some not", "numa=real not")
    for word in ("mem=", "mem=0", "mem=-5", "mem=64Mx", "memmap=", "memmap=exact", "memmap=5@", "memmap=$7", "memmap=exactmapp"):
        assert f"e820: {word} not understood" in result.output, (word, result)
    for word in ("highmem=", "highmem=M", "numa=", "numa=fake=", "numa=fake=-2", "numa=fake=2x"):
        assert f"{word} not understood" in lives(word).output, word


def test_sizes_beyond_the_memory():
    lives("highmem=99999999999999999999E numa=fake=99", "would leave less than 16M", "nodes at most")
    lives("highmem=128M mem=99999999999999999999E ramdisk=16E", "would leave less than 16M", "there is no /dev/ram0")
    lives("ramdisk=1T", "there is no /dev/ram0")
    lives("memmap=exactmap,64M@1M memmap=512M@1G,1G@16T", "are not there: not used")


@pytest.mark.parametrize("words", ["memmap=exactmap", "memmap=exactmap,8M@1M", "memmap=exactmap,1G@1T", "memmap=exactmap memmap=4K$0",
                                   "memmap=1T$0", "mem=1K"])
def test_words_that_leave_no_memory(words):
    result = run("--memory", "128M", append=words, execs=[TRUE], watchdog=False, timeout=60)
    assert result.status == 3 and seen(result, "of usable memory are too little"), result


def test_a_word_twice():
    result = lives("loglevel=1 loglevel=7 panic=x panic=-1", "Malformed kernel parameter")
    assert "Run /.tidemark-init as the first program" in result.output, result
    assert lives("mem=64M mem=32M").lines(r"last_pfn = 0x2000,")


def test_quotes():
    result = lives('a="b c" d"e f', "is never closed")
    assert result.lines(r"ignored: `a=b c' `de f'$"), result
    assert not lives('loglevel="7" "highmem=64M" ""').lines("never closed")


def test_an_empty_and_a_full_command_line():
    result = run("--memory", "128M", append=" ", watchdog=False, timeout=60, qemu=["--", "-append", ""])
    assert "Command line: \n" in result.output, result
    words = " ".join(f"word{i}" for i in range(500))[:3990]
    result = lives("highmem=0 " + words)
    assert result.output.count("`word") == len(words.split()), result


def test_a_command_line_that_does_not_fit():
    result = lives("alpha " + "x" * 6000, "command line is longer than N bytes", boot="grub")
    assert "`alpha'" in result.output, result
    long = run("--memory", "128M", append="x" * 6000, execs=[TRUE], watchdog=False, timeout=60)
    assert long.status == 3 and seen(long, "No memory map"), long


def test_too_many_words():
    words = " ".join("a" * (1 + i % 2) for i in range(1300))
    result = lives(words, "words are too many")
    assert result.lines(r"\d+ words are too many"), result
    lives("-- " + "x " * 40, "words are too many")


def test_a_selftest_nobody_has():
    result = run(append="selftest=nosuchtest")
    assert result.status == 1 and seen(result, "no test has a name that begins so"), result
