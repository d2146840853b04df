# SPDX-License-Identifier: MIT
"""Sourced by gdb: makes the package importable and its commands known."""
import importlib
import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True

import gdbcmds

for module in ("command", "tasks", "zones", "pcp", "tables", "swap", "owner", "page", "oom", "check", "programs", "session"):
    importlib.import_module(f"gdbcmds.{module}")
