"""Runs `ggez …` and `python …` in forks of one process that has imported what is slow to import, for `doc_pages`.

What a command costs is then its own work, not three seconds of imports. `shim` is put where a shell finds it under both
names; it hands its arguments, folder and open files to the server and ends as the fork ended.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

_SHIM = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    said = json.dumps([{name!r}, sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(said).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(said)
    ended = server.recv(1)
sys.exit(ended[0] if ended else 70)
"""


@contextlib.contextmanager
def served(folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """A folder with the commands, as long as the context lasts; the server sees `environment` from its start."""
    address = str(folder / "s")
    commands = folder / "bin"
    commands.mkdir(parents=True)
    for name in ("ggez", "python"):
        (commands / name).write_text(_SHIM.format(python=sys.executable, address=address, name=name))
        (commands / name).chmod(0o755)
    server = subprocess.Popen(
        [sys.executable, __file__, address], env={**os.environ, **environment}, stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield commands
    finally:
        server.kill()
        server.wait()


def _serve(address: str) -> None:
    import torch  # noqa: F401
    import transformers  # noqa: F401

    import ggez_core.cli
    import ggez_core.evaluation.sweep
    import ggez_core.families.embedding_transformers
    import ggez_core.merging.stream  # noqa: F401

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        os.write(1, b"ready\n")
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _work(connection)
            connection.close()


def _work(connection: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, files, _, _ = socket.recv_fds(connection, 4, 3)
    said = b""
    while len(said) < int.from_bytes(head, "big"):
        said += connection.recv(1 << 20)
    name, arguments, folder, environment = json.loads(said)
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    status = 0
    try:
        _run(name, arguments)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    connection.send(bytes([status]))
    os._exit(status)


def _end_with(connection: socket.socket) -> None:
    """End where the shim has gone."""
    connection.recv(1)
    os._exit(70)


def _run(name: str, arguments: list[str]) -> None:
    if name == "ggez":
        from ggez_core.cli import main

        sys.argv = [name, *arguments]
        main()
        return
    first, *rest = arguments
    if first == "-c":
        sys.argv, sys.path[0] = ["-c", *rest[1:]], ""
        exec(compile(rest[0], "<page>", "exec"), {"__name__": "__main__"})
    elif first == "-m":
        sys.argv, sys.path[0] = rest, ""
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = arguments, str(Path(first).resolve().parent)
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    _serve(sys.argv[1])
