"""Where the time of one account and of a helper view goes. Started by `scripts/bench profile`.

Times of statements are processor time of the engine's process, so that a busy machine says the same as an idle one.
"""

import argparse
import collections
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

from engine import Engine, run, seed
from refresh import COPY_SETTINGS, TABLES, VIEWS, statement

# What a statement of a refresh is for, by the folder of its file and the file itself.
PURPOSES = {
    "refresh/campaign_source": "copies of shared sources",
    "refresh/flow_source": "copies of shared sources",
    "stage": "filling the seven staging tables",
    "staged": "audits", "present": "audits", "checks": "audits",
    "run/create_staging": "making and dropping working tables",
    "run/drop_table": "making and dropping working tables",
    "run/publish_partition": "swaps",
}
# What an insert's time goes to, each on top of the one before.
STEPS = ["a request without work", "reading the statement's text", "its analysis, which looks at each table's parts",
         "its plan, which prunes them", "its rows, written included"]
SCHEMA = "looking: schema, settings, lock, stored rows"


def milliseconds(engine, work, turns):
    """The median of the engine's processor time."""
    found = []
    for _ in range(turns):
        before = engine.processor_seconds()
        work()
        found.append((engine.processor_seconds() - before) * 1000)
    return statistics.median(found)


def reads(engine):
    """Planning to read one partition, by the table's columns and parts: no row is read."""
    sizes = (1, 100, 1000)
    print(f"{'planning a read of one partition':42}" + "".join(f"{parts:>8} parts" for parts in sizes))
    for columns in (2, 50):
        found = []
        for parts in sizes:
            names = [f"c{number}" for number in range(columns - 1)]
            engine.query("DROP TABLE IF EXISTS bench_parts")
            engine.query("CREATE TABLE bench_parts (account String, " + ", ".join(f"{name} Float64" for name in names)
                         + ") ENGINE = ReplacingMergeTree PARTITION BY account ORDER BY account")
            engine.query(f"INSERT INTO bench_parts SELECT toString(number), {', '.join('1' for _ in names)}"
                         f" FROM numbers({parts})", **COPY_SETTINGS)
            plan = "EXPLAIN SELECT sum(c0) FROM bench_parts WHERE account = '0'"
            found.append(milliseconds(engine, lambda: engine.query(plan), 40))
        print(f"{columns:>3} columns, ms" + " " * 28 + "".join(f"{value:14.1f}" for value in found))
    engine.query("DROP TABLE bench_parts")


def views(engine, account):
    """Beside each view the least that any view over its tables costs: one column of each, without FINAL."""
    print(f"\n{'helper view of one account, ms':42}{'bare reads':>14}{'planning':>14}{'all':>14}")
    account = {"account": account}
    for view in VIEWS:
        created = engine.query("SELECT as_select FROM system.tables WHERE database = currentDatabase()"
                               " AND name = {view:String}", {"view": view})
        where = "WHERE klaviyo_public_id = {account:String}"
        bare = " UNION ALL ".join(f"SELECT max({day}) FROM {table} {where}"
                                  for table, day in TABLES.items() if f"{table} " in created)
        sql = f"SELECT * FROM {view} {where}"
        found = [milliseconds(engine, lambda: engine.query(text, account), 20) for text in (bare, f"EXPLAIN {sql}", sql)]
        print(f"{view:42}" + "".join(f"{value:14.1f}" for value in found))


def inserts(engine, account):
    """The inserts of the seven tables one by one, reading the sources themselves: what each step of them takes."""
    sums = collections.Counter()
    for table in TABLES:
        sql, parameters = statement(engine, table, account)
        staging = f"bench_{table}"
        engine.query(f"CREATE TABLE {staging} AS {table}")
        parameters.update(staging=staging, target=table, accounts=f"['{account}']")
        select = sql[sql.index(")") + 1:]
        texts = ["SELECT 1", f"EXPLAIN AST {sql}", f"EXPLAIN QUERY TREE {select}", f"EXPLAIN {select}", sql]
        found = [milliseconds(engine, lambda: engine.query(text, parameters, optimize_on_insert=0), 10) for text in texts]
        engine.query(f"DROP TABLE {staging}")
        for step, before, after in zip(STEPS, [0, *found], found):
            sums[step] += after - before
    print(f"\n{'the inserts of the seven tables, one account':62}{'sum, ms':>8}")
    for step, spent in sums.items():
        print(f"{step:62}{spent:8.0f}")


def one_account(engine, accounts):
    """The statements of a refresh, as its client sees them: side by side, so their sum is more than the whole."""
    sums, counts, wholes = collections.Counter(), collections.Counter(), []
    command = [engine.program, "populate", "-vvv", "--log-format", "json", "--klaviyo-id"]

    def refresh(account):
        began = time.monotonic()
        done = subprocess.run([*command, account], env=engine.environment, capture_output=True, text=True, check=True)
        wholes.append(time.monotonic() - began)
        for line in done.stderr.splitlines():
            event = json.loads(line)
            event = event.get("fields", event)
            if "statement" in event:
                name = event["statement"]
                purpose = PURPOSES.get(name) or PURPOSES.get(name.split("/")[0]) or SCHEMA
                sums[purpose] += event["elapsed_ms"]
                counts[purpose] += 1

    turn = iter(accounts)
    processor = milliseconds(engine, lambda: refresh(next(turn)), len(accounts))
    print(f"\n{'one account':42}{'statements':>14}{'sum, ms':>14}")
    for purpose, spent in sums.most_common():
        print(f"{purpose:42}{counts[purpose] / len(accounts):14.0f}{spent / len(accounts):14.0f}")
    print(f"{'the whole run, ms; its processor time, ms':42}{statistics.median(wholes) * 1000:14.0f}{processor:14.0f}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench profile")
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    folder = tempfile.mkdtemp(prefix="aiviews-bench-")
    try:
        environment = seed(program, folder, arguments.accounts, arguments.days)
        run(program, environment, ["populate"])
        with Engine(program, folder) as engine:
            ids = engine.query("SELECT DISTINCT klaviyo_public_id FROM flow_ai_summary ORDER BY 1").split()
            print(f"{arguments.accounts} accounts x {arguments.days} days, {os.cpu_count()} cores\n")
            reads(engine)
            views(engine, ids[0])
            inserts(engine, ids[0])
            one_account(engine, [ids[turn * 7 % len(ids)] for turn in range(20)])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
