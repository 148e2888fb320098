"""Runs: long work in a process of its own, and the folder that is all that anybody has to know of it.

The folder is the protocol. The process writes it; the command line, the page and a server that was restarted read the
same truth from it. Importing this is light: torch comes with the work itself.
"""

from .folder import RunFolder, home, list_runs
from .launch import ask_to_stop, resume, start, stop
from .status import State, Status

__all__ = ["RunFolder", "State", "Status", "ask_to_stop", "home", "list_runs", "resume", "start", "stop"]
