"""A running `aiviews serve` and the ways a benchmark talks to it. Standard library only."""

import http.client
import json
import os
import re
import subprocess
import time
import urllib.parse


class Engine:
    """The embedded engine in a process of its own, on a port of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.environment = {**os.environ, "AIVIEWS_DATA_DIR": folder, "AIVIEWS_TOKEN": "bench-token-of-one-run"}
        self.environment.pop("CLICKHOUSE_URL", None)
        command = [program, "serve", "--port", "0"]
        self.process = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        address = re.search(r"http://([\d.]+):(\d+)", line)
        if address is None:
            raise SystemExit(f"bench: the engine did not start: {line}{self.process.stderr.read()}")
        self.connection = http.client.HTTPConnection(address[1], int(address[2]), timeout=3600)
        self.used = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def query(self, sql, parameters=None, **settings):
        """The answer as text; an error ends the benchmark."""
        fields = {"database": "aiviews", "wait_end_of_query": 1, **settings}
        fields.update({f"param_{name}": value for name, value in (parameters or {}).items()})
        headers = {"X-ClickHouse-User": "default", "X-ClickHouse-Key": self.environment["AIVIEWS_TOKEN"]}
        # The server closes a connection that rested, such as while a verb ran.
        if time.monotonic() - self.used > 5:
            self.connection.close()
        self.connection.request("POST", "/?" + urllib.parse.urlencode(fields), sql.encode(), headers)
        answer = self.connection.getresponse()
        text = answer.read().decode(errors="replace")
        self.used = time.monotonic()
        if answer.status != 200:
            raise SystemExit(f"bench: {text.strip()}\n{sql[:400]}")
        return text

    def seconds(self, sql, parameters=None, **settings):
        """How long a statement takes."""
        started = time.monotonic()
        self.query(sql, parameters, **settings)
        return time.monotonic() - started

    def processor_seconds(self):
        """What the engine's process has used so far, by the clock that clock_getcpuclockid() names."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def aiviews(self, *arguments):
        """Runs a verb against this engine and returns its JSON and the seconds of the whole process."""
        return run(self.program, self.environment, arguments)[:2]


def run(program, environment, arguments):
    """Runs a verb: its JSON, the seconds of the whole process, and its peak memory in MiB."""
    started = time.monotonic()
    command = [program, "--quiet", *arguments, "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output = process.stdout.read()
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)}: exit {process.returncode}\n{complaint}{output[:2000]}")
    return json.loads(output), time.monotonic() - started, usage.ru_maxrss / 1024


def seed(program, folder, accounts, days):
    """Synthetic sources and empty summary tables in this folder; the environment that names it."""
    environment = {**os.environ, "AIVIEWS_DATA_DIR": folder}
    environment.pop("CLICKHOUSE_URL", None)
    run(program, environment, ["seed", "--accounts", str(accounts), "--days", str(days)])
    run(program, environment, ["migrate"])
    return environment
