"""dbt-clickhouse, an alternative that many would reach for first: installed, and run against a running engine."""

import json
import os
import subprocess
import time

from venv_of import install

# The newest dbt-core fetches its parser from outside the package registry; these install by pip alone.
PACKAGES = ["dbt-core==1.10.23", "dbt-clickhouse==1.10.3"]

PROJECT = {
    "name": "bench",
    "version": "1.0",
    "profile": "bench",
    "model-paths": ["models"],
    "flags": {"send_anonymous_usage_stats": False},
}


def install_dbt():
    """The folder of the programs of an environment that has dbt."""
    return install("bench-dbt", PACKAGES, "import dbt.cli.main, dbt.adapters.clickhouse, clickhouse_connect")


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
