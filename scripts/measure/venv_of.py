"""Environments of Python packages that only a measurement needs, each in a folder of its own below the target folder."""

import fcntl
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class NotInstalled(Exception):
    """Why, in one line."""


def succeed(*command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace")
    except OSError as error:
        raise NotInstalled(f"{command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        # pip names the cause in its first error; the last line says the least.
        errors = [line for line in lines if line.startswith("ERROR")]
        raise NotInstalled((errors or lines[-1:] or [f"{command[0]}: exit {done.returncode}"])[0][:200])


def install(name, packages, check):
    """The folder of the programs of an environment with these packages. Does nothing when it is there."""
    folder = os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR") or "target", name)
    environment = os.path.join(folder, "venv")
    programs = os.path.join(environment, "bin")
    mark = os.path.join(folder, "done")
    wanted = " ".join([*packages, sys.version.split()[0]])
    try:
        os.makedirs(folder, exist_ok=True)
        lock = open(os.path.join(folder, "lock"), "w", encoding="utf-8")
    except OSError as error:
        raise NotInstalled(f"{folder}: {error.strerror}") from error
    with lock:
        # One run at a time. The mark is written last, so that a broken run is repeated, and names what is there.
        fcntl.flock(lock, fcntl.LOCK_EX)
        python = os.path.join(programs, "python")
        if not (os.path.exists(mark) and open(mark, encoding="utf-8").read() == wanted and os.path.exists(python)):
            succeed(sys.executable, "-m", "venv", "--clear", environment)
            succeed(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
                    "--retries", "2", *packages)
            # What pip chose of the packages that these need may not fit them.
            succeed(python, "-c", check)
            with open(mark, "w", encoding="utf-8") as file:
                file.write(wanted)
    return programs
