# SPDX-License-Identifier: MIT
"""Every test that takes `debug` runs on both builds."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def pytest_generate_tests(metafunc):
    if "debug" in metafunc.fixturenames:
        metafunc.parametrize("debug", [False, True], ids=["release", "debug"])
