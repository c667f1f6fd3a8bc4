"""dbt-clickhouse, an alternative that many would reach for first: installed, and run against a running engine."""

import fcntl
import json
import os
import subprocess
import sys
import time

# The newest dbt-core fetches its parser from outside the package registry; these install by pip alone.
PACKAGES = ["dbt-core==1.10.23", "dbt-clickhouse==1.10.3"]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR") or "target", "bench-dbt")

PROJECT = {
    "name": "bench",
    "version": "1.0",
    "profile": "bench",
    "model-paths": ["models"],
    "flags": {"send_anonymous_usage_stats": False},
}


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


def install():
    """The folder of the programs of an environment that has dbt. Does nothing when it is there."""
    environment = os.path.join(FOLDER, "venv")
    programs = os.path.join(environment, "bin")
    mark = os.path.join(FOLDER, "done")
    wanted = " ".join([*PACKAGES, sys.version.split()[0]])
    try:
        os.makedirs(FOLDER, exist_ok=True)
        lock = open(os.path.join(FOLDER, "lock"), "w", encoding="utf-8")
    except OSError as error:
        raise NotInstalled(f"{FOLDER}: {error.strerror}") from error
    with lock:
        # One run at a time. The mark is written last, so that a broken run is repeated, and names what is there.
        fcntl.flock(lock, fcntl.LOCK_EX)
        python = os.path.join(programs, "python")
        if not (os.path.exists(mark) and open(mark, encoding="utf-8").read() == wanted and os.path.exists(python)):
            succeed(sys.executable, "-m", "venv", "--clear", environment)
            succeed(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
                    "--retries", "2", *PACKAGES)
            # What pip chose of the packages that dbt needs may not fit it.
            succeed(python, "-c", "import dbt.cli.main, dbt.adapters.clickhouse, clickhouse_connect")
            with open(mark, "w", encoding="utf-8") as file:
                file.write(wanted)
    return programs


class Dbt:
    """A project of one incremental model that overwrites the partitions it computes, as `populate` swaps them."""

    def __init__(self, programs, folder, engine, model, config, select):
        self.program, self.folder = os.path.join(programs, "dbt"), folder
        self.environment = {
            **{name: value for name, value in engine.environment.items() if not name.startswith("DBT_")},
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DO_NOT_TRACK": "1",
            # The engine is on this machine; a proxy of the shell must not get in between.
            "NO_PROXY": engine.connection.host,
            "no_proxy": engine.connection.host,
            "DBT_PROFILES_DIR": folder,
            "DBT_PROJECT_DIR": folder,
        }
        output = {
            "type": "clickhouse",
            "driver": "http",
            "host": engine.connection.host,
            "port": engine.connection.port,
            "user": "default",
            "password": "{{ env_var('AIVIEWS_TOKEN') }}",
            "schema": "aiviews",
            "send_receive_timeout": 3600,
            "threads": 1,
        }
        os.makedirs(os.path.join(folder, "models"))
        # JSON is YAML.
        self.write("dbt_project.yml", json.dumps(PROJECT))
        self.write("profiles.yml", json.dumps({"bench": {"target": "bench", "outputs": {"bench": output}}}))
        self.write(f"models/{model}.sql", f"{{{{ config(**{config!r}) }}}}\n{select}\n")

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def run(self):
        """The seconds of the whole process, and those that dbt counts for the model."""
        started = time.monotonic()
        done = subprocess.run([self.program, "--no-use-colors", "run"], env=self.environment, cwd=self.folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        seconds = time.monotonic() - started
        if done.returncode != 0:
            raise SystemExit(f"bench: dbt run: exit {done.returncode}\n{done.stdout[-4000:]}")
        with open(os.path.join(self.folder, "target", "run_results.json"), encoding="utf-8") as file:
            (result,) = json.load(file)["results"]
        return seconds, result["execution_time"]
