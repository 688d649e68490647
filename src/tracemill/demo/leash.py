"""Runs a module in a process that lives no longer than the one who started it: `python leash.py MODULE ARGUMENTS`.

The starter holds the other end of standard input. When it is gone, even by kill -9, the pipe closes and so do we. It needs
nothing but Python, so that it also runs in another environment than ours.
"""

import os
import runpy
import sys
import threading


def leave_with_starter() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)  # as kill -9 would: what was not committed is rolled back at the next start


if __name__ == "__main__":
    threading.Thread(target=leave_with_starter, daemon=True).start()
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
