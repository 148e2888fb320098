"""Progress bars in forked processes, of which one is killed."""

from __future__ import annotations

import subprocess
import sys

FORKED = """
import os, signal, sys
from tqdm.auto import tqdm
from ggez_core.progress import unshare_bars

def draw():
    signal.alarm(20)  # who waits for ever is told apart from who draws
    unshare_bars()
    list(tqdm(range(3), disable=False))
    os._exit(0)

list(tqdm(range(3)))
if (killed := os.fork()) == 0:
    tqdm.get_lock().acquire()
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(killed, 0)
if (other := os.fork()) == 0:
    draw()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]))
"""


def test_who_is_killed_while_it_draws_stops_no_other() -> None:
    ended = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
