# SPDX-License-Identifier: MIT
"""Every test that takes `debug` runs on both builds. What a machine said last is printed whole when its test fails."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def pytest_generate_tests(metafunc):
    if "debug" in metafunc.fixturenames:
        metafunc.parametrize("debug", [False, True], ids=["release", "debug"])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """pytest shortens what an assertion quotes, and the machine's words are what a failure is understood by."""
    report = (yield).get_result()
    if call.excinfo:
        results = [value for frame in call.excinfo.traceback for value in frame.frame.f_locals.values()
                   if type(value).__name__ == "Result"]
        report.sections += [("what the machine said", repr(results[-1]))] if results else []
