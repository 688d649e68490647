"""Runs in Tryton's own environment: the server, for as long as the one who started it lives.

The starter holds the other end of standard input. When it is gone, even by kill -9, the pipe closes and so do we.
"""

import os
import runpy
import sys
import threading


def leave_with_starter() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)  # SQLite stays whole: what was not committed is rolled back at the next start


if __name__ == "__main__":
    threading.Thread(target=leave_with_starter, daemon=True).start()
    runpy.run_module("trytond.cli", run_name="__main__", alter_sys=True)
