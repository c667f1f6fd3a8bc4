"""Measures `aiviews populate` against the floor and the alternatives. Started by scripts/bench."""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time

from dbt_run import PACKAGES, Dbt, install_dbt
from engine import Engine, run, seed
from venv_of import NotInstalled

SOURCES = {
    "campaign": "campaign_id, campaign_message_id, send_channel",
    "flow": "flow_id, flow_message_id, send_channel",
    "form": "form_id",
    "segment": "segment_id",
}
TABLES = {
    "campaign_ai_summary": "date",
    "flow_ai_summary": "date",
    "channel_performance_daily": "date",
    "segment_ai_trends": "date",
    "form_ai_performance": "date",
    "campaign_weekly_rollup": "week_start_date",
    "flow_weekly_rollup": "week_start_date",
}
VIEWS = [
    "ai_best_performers", "ai_campaign_recent", "ai_campaign_weekly", "ai_channel_comparison",
    "ai_day_of_week_patterns", "ai_flow_recent", "ai_flow_weekly", "ai_historical_baseline",
]
# Several partitions in a block, as in a refresh; everything else is the engine's default.
COPY_SETTINGS = {"max_partitions_per_insert_block": 0}
# Fourteen weeks: a shifted copy of the window meets neither its days nor its weeks.
SHIFT = 98
# A loop costs the same for each account, so a few tell enough.
LOOP_ACCOUNTS = 20
WINDOW = 90
# What the alternatives make flow_ai_summary with; the partition is the account.
FLOW_ENGINE = "ReplacingMergeTree(updated_at)"
FLOW_ORDER = ["klaviyo_public_id", "date", "flow_id", "flow_message_id", "send_channel"]


class Bench:
    """What was asked for, and the measurements so far: a list of values for each name."""

    def __init__(self, arguments, folder):
        self.program, self.runs, self.accounts, self.days = (
            os.path.abspath(arguments.program), arguments.runs, arguments.accounts, arguments.days)
        self.folder, self.quiet, self.values = folder, arguments.json, {}
        # The folder of dbt's programs, where it installs.
        self.dbt = None

    def say(self, text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def note(self, name, value):
        self.values.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.values[name])

    def seed(self, name, accounts, days):
        """A fresh folder with synthetic sources and empty summary tables."""
        folder = os.path.join(self.folder, name)
        self.say(f"seeding {accounts} accounts x {days} days")
        return folder, seed(self.program, folder, accounts, days)


def populate(bench, engine, name, *arguments):
    report, seconds = engine.aiviews("populate", *arguments)
    staging, publishing = report["staging_ms"] / 1000, report["publishing_ms"] / 1000
    bench.note(f"{name}", seconds)
    bench.note(f"{name}: staging", staging)
    bench.note(f"{name}: publishing", publishing)
    bench.note(f"{name}: rest", seconds - staging - publishing)
    return report


def empty_tables(engine):
    for table in TABLES:
        engine.query(f"TRUNCATE TABLE {table}")


def copy_sources(bench, engine):
    """The floor: the same source rows into tables with the targets' engine, order and partitioning."""
    total = 0
    for source, key in SOURCES.items():
        view = f"{source}_statistics_latest"
        engine.query(f"DROP TABLE IF EXISTS bench_copy")
        engine.query(f"CREATE TABLE bench_copy ENGINE = ReplacingMergeTree(last_updated) PARTITION BY klaviyo_public_id"
                     f" ORDER BY (klaviyo_public_id, date, {key}) AS SELECT * FROM {view} LIMIT 0")
        total += engine.seconds(f"INSERT INTO bench_copy SELECT * FROM {view}", **COPY_SETTINGS)
    engine.query("DROP TABLE bench_copy")
    bench.note("copy of the source rows", total)


def copy_kept_rows(bench, engine):
    total = 0
    for table, date in TABLES.items():
        engine.query("DROP TABLE IF EXISTS bench_copy")
        engine.query(f"CREATE TABLE bench_copy AS {table}")
        start = f"today() - {WINDOW - 1}" if date == "date" else f"toMonday(today() - {WINDOW - 1})"
        total += engine.seconds(f"INSERT INTO bench_copy SELECT * FROM {table} FINAL WHERE {date} < {start}",
                                **COPY_SETTINGS)
    engine.query("DROP TABLE bench_copy")
    bench.note("copy of the kept rows", total)


def first(bench, engine):
    for turn in range(bench.runs):
        bench.say(f"first populate, {turn + 1} of {bench.runs}")
        copy_sources(bench, engine)
        empty_tables(engine)
        populate(bench, engine, "first populate")


def nightly(bench, engine):
    bench.say("making three quarters of history")
    for quarter in (1, 2, 3):
        for table, date in TABLES.items():
            engine.query(f"INSERT INTO {table} SELECT * REPLACE ({date} - {SHIFT * quarter} AS {date}) FROM {table} AS t"
                         f" WHERE t.{date} >= today() - {WINDOW + 6}", **COPY_SETTINGS)
    kept = int(engine.query(f"SELECT count() FROM flow_ai_summary WHERE date < today() - {WINDOW}"))
    if kept == 0:
        raise SystemExit("bench: no history was made")
    for turn in range(bench.runs):
        bench.say(f"nightly populate, {turn + 1} of {bench.runs}")
        copy_kept_rows(bench, engine)
        populate(bench, engine, "nightly populate")


def some_accounts(bench, engine, ids):
    """The cost of an account by the number of accounts, and the latency of one."""
    for number in (10, 100):
        if number >= len(ids):
            continue
        for _ in range(bench.runs):
            asked = [argument for account in ids[:number] for argument in ("--klaviyo-id", account)]
            populate(bench, engine, f"{number} accounts", *asked)


def one_account(bench, engine, ids):
    for turn in range(max(20, 5 * bench.runs)):
        populate(bench, engine, "one account against serve", "--klaviyo-id", ids[turn * 7 % len(ids)])


def rest(bench, engine):
    """Waits until the engine has deleted the partitions that the swaps replaced, as it has by day, long after a
    nightly run: it does so behind the scenes, some minutes later."""
    bench.say("waiting until replaced partitions are deleted")
    end = time.monotonic() + 900
    while int(engine.query("SELECT count() FROM system.parts WHERE NOT active")) and time.monotonic() < end:
        time.sleep(5)


def helper_views(bench, engine, ids):
    for view in VIEWS:
        for turn in range(max(20, 7 * bench.runs)):
            account = {"account": ids[turn * 7 % len(ids)]}
            sql = f"SELECT * FROM {view} WHERE klaviyo_public_id = {{account:String}} FORMAT JSONEachRow"
            bench.note(f"view {view}", engine.seconds(sql, account))
        plan = engine.query(f"EXPLAIN indexes = 1 SELECT * FROM {view} WHERE klaviyo_public_id = {{account:String}}",
                            {"account": ids[0]})
        read = [int(parts.split("/")[0]) for parts in re.findall(r"Parts: (\d+/\d+)", plan)]
        granules = [int(parts.split("/")[0]) for parts in re.findall(r"Granules: (\d+/\d+)", plan)]
        bench.note(f"view {view}: parts read", read[-1] if read else 0)
        bench.note(f"view {view}: granules read", granules[-1] if granules else 0)


def statement(engine, table, account):
    """The insert of one table as `populate` runs it, reading the sources themselves; and its parameters."""
    plan, _ = engine.aiviews("populate", "--dry-run", "--table", table, "--klaviyo-id", account)
    window = plan["window"]
    names = ("start", "as_of", "last_complete", "updated_at")
    parameters = {name: window[name] for name in names}
    first = window["start"]
    if TABLES[table] == "week_start_date":
        first = engine.query("SELECT toMonday({day:Date})", {"day": first}).strip()
    parameters.update(window_start=first, window_end=window["as_of"])
    *copies, insert = plan["statements"]
    for copy in copies:
        source = re.search(r"FROM (\w+)_statistics_latest", copy)[1]
        insert = insert.replace(f"{{{source}_source:Identifier}}", f"({copy[copy.index('WITH'):]})")
    return insert, parameters


def account_loop(bench, engine, ids):
    """A plain loop: for each account and table an INSERT .. SELECT of the same rows, without audit or swap."""
    asked = ids[:LOOP_ACCOUNTS]
    options = [argument for account in asked for argument in ("--klaviyo-id", account)]
    plans = {table: statement(engine, table, ids[0]) for table in TABLES}
    for _ in range(bench.runs):
        populate(bench, engine, "the accounts of the loop", *options)
        for table in TABLES:
            engine.query(f"DROP TABLE IF EXISTS bench_{table}")
            engine.query(f"CREATE TABLE bench_{table} AS {table}")
        started = time.monotonic()
        for account in asked:
            for table, (sql, parameters) in plans.items():
                own = {"staging": f"bench_{table}", "target": f"bench_{table}", "accounts": f"['{account}']"}
                engine.query(sql, {**parameters, **own}, optimize_on_insert=0)
        bench.note("plain loop", time.monotonic() - started)
    for table in TABLES:
        engine.query(f"DROP TABLE bench_{table}")


def flow_select(engine, ids):
    """The SELECT of flow_ai_summary for all accounts as `populate` runs it, its parameters filled in."""
    sql, parameters = statement(engine, "flow_ai_summary", ids[0])
    select = re.search(r"\n\(\n(.*)\n\)\nUNION ALL", sql, re.S)[1]
    for name, value in parameters.items():
        kind = "UInt32" if name == "updated_at" else "Date"
        select = select.replace(f"{{{name}:{kind}}}", f"to{kind}('{value}')")
    listed = "[" + ", ".join(f"'{account}'" for account in ids) + "]"
    return select.replace("{accounts:Array(String)}", listed)


def refreshable_view(bench, engine, select):
    """A refreshable materialized view that computes flow_ai_summary for all accounts."""
    engine.query("CREATE MATERIALIZED VIEW bench_view REFRESH EVERY 1 YEAR"
                 f" ENGINE = {FLOW_ENGINE} PARTITION BY klaviyo_public_id ORDER BY ({', '.join(FLOW_ORDER)})"
                 f" EMPTY AS\n{select}\nSETTINGS max_partitions_per_insert_block = 0")
    started = time.monotonic()
    engine.query("SYSTEM REFRESH VIEW bench_view")
    engine.query("SYSTEM WAIT VIEW bench_view")
    bench.note("refreshable view of flow_ai_summary", time.monotonic() - started)
    engine.query("DROP VIEW bench_view")


def dbt_model(bench, engine, select):
    """The same SELECT as an incremental model of dbt. The first run, here, makes its table; the later ones replace its
    partitions, as `populate` does, but with the window alone: dbt keeps no history in them and audits nothing."""
    config = {
        "materialized": "incremental", "incremental_strategy": "insert_overwrite", "engine": FLOW_ENGINE,
        "partition_by": "klaviyo_public_id", "order_by": FLOW_ORDER,
        "query_settings": {"max_partitions_per_insert_block": 0},
    }
    dbt = Dbt(bench.dbt, os.path.join(bench.folder, "dbt"), engine, "bench_dbt", config, select)
    dbt.run()
    return dbt


def one_table(bench, engine, ids):
    """flow_ai_summary alone, by `populate` and by others; in turn, so that the machine's moods meet all of them. The
    table is empty before: the others know no history to keep, so all write the same rows."""
    select = flow_select(engine, ids)
    dbt = dbt_model(bench, engine, select) if bench.dbt else None
    for _ in range(bench.runs):
        engine.query("TRUNCATE TABLE flow_ai_summary")
        report = populate(bench, engine, "flow_ai_summary alone", "--table", "flow_ai_summary")
        refreshable_view(bench, engine, select)
        if dbt is None:
            continue
        whole, model = dbt.run()
        bench.note("dbt run of flow_ai_summary", whole)
        bench.note("dbt run of flow_ai_summary: its model", model)
        written, wanted = int(engine.query("SELECT count() FROM bench_dbt")), report["rows_written"]["flow_ai_summary"]
        if written != wanted:
            raise SystemExit(f"bench: dbt wrote {written} rows, populate {wanted}")
    if dbt is not None:
        engine.query("DROP TABLE bench_dbt")


def embedded(bench, environment, ids):
    """The engine in the process itself: one account, and the peak memory of few and of all accounts.

    Opening the folder takes many times as long as the run and differs by seconds, so the run's own clock counts."""
    for turn in range(bench.runs):
        report, seconds, _ = run(bench.program, environment, ["populate", "--klaviyo-id", ids[turn]])
        own = report["elapsed_ms"] / 1000
        bench.note("one account, embedded", own)
        bench.note("one account, embedded: opening the folder", seconds - own)
    asked = [argument for account in ids[:100] for argument in ("--klaviyo-id", account)]
    bench.note("peak MiB, 100 accounts", run(bench.program, environment, ["populate", *asked])[2])
    bench.note("peak MiB, all accounts", run(bench.program, environment, ["populate"])[2])


def lengths(bench):
    """Total time by the length of the window, on fewer accounts with longer sources."""
    _, environment = bench.seed("year", max(1, min(bench.accounts // 10, 100)), 365 + 33)
    with Engine(bench.program, environment["AIVIEWS_DATA_DIR"]) as engine:
        for _ in range(bench.runs):
            for days in (90, 180, 365):
                empty_tables(engine)
                populate(bench, engine, f"window of {days} days", "--days", str(days))


def giant(bench):
    """One account of two million flow rows."""
    _, environment = bench.seed("giant", 1, 2)
    with Engine(bench.program, environment["AIVIEWS_DATA_DIR"]) as engine:
        engine.query("TRUNCATE TABLE flow_statistics")
        engine.query(
            "INSERT INTO flow_statistics (klaviyo_public_id, date, flow_id, flow_message_id, flow_name,"
            " flow_message_name, send_channel, recipients, delivered, opens_unique, clicks_unique, conversion_value,"
            " last_updated, updated_at) SELECT 'XqkVGb', today() - number % 90, concat('f', toString(intDiv(number, 90)"
            " % 500)), concat('m', toString(intDiv(number, 45000))), 'Flow', 'Message', 'email', 100, 100,"
            " 20 + number % 7, number % 5, number % 11, now(), now() FROM numbers(2025000)")
    report, seconds, peak = run(bench.program, environment, ["populate", "--klaviyo-id", "XqkVGb", "--allow-shrink"])
    if report["rows_written"]["flow_ai_summary"] != 2025000:
        raise SystemExit("bench: the giant account lost rows")
    bench.note("giant account", seconds)
    bench.note("peak MiB, giant account", peak)


def bars(bench):
    """Each bar as (what, found, bar, holds)."""
    rows = []

    def at_most(what, found, limit, unit=""):
        rows.append((what, f"{found:.2f}{unit}", f"<= {limit}{unit}", found <= limit))

    if "first populate" in bench.values:
        first = bench.median("first populate")
        at_most("first populate / copy of the source rows", first / bench.median("copy of the source rows"), 4, " x")
    if "nightly populate" in bench.values:
        allowed = first + 1.2 * bench.median("copy of the kept rows")
        at_most("nightly / (first + 1.2 copies of the kept rows)", bench.median("nightly populate") / allowed, 1, " x")
    if "100 accounts" in bench.values:
        per_100 = bench.median("100 accounts") / 100
        per_10 = bench.median("10 accounts") / 10
        at_most("seconds an account: 100 against 10", per_100 / per_10, 1.1, " x")
        if "nightly populate" in bench.values:
            per_all = bench.median("nightly populate") / bench.accounts
            at_most("seconds an account: all against 100", per_all / per_100, 1.1, " x")
    if "window of 365 days" in bench.values:
        growth = bench.median("window of 365 days") / bench.median("window of 90 days")
        at_most("365 days / 90 days (4.06 times the dates)", growth, 4.5, " x")
    if "one account against serve" in bench.values:
        at_most("one account against serve", bench.median("one account against serve") * 1000, 400, " ms")
    if "one account, embedded" in bench.values:
        at_most("one account embedded, after opening the folder", bench.median("one account, embedded"), 0.6, " s")
    for name in ("all accounts", "100 accounts", "giant account"):
        if f"peak MiB, {name}" in bench.values:
            at_most(f"peak memory, {name}", bench.median(f"peak MiB, {name}"), 2048, " MiB")
    for view in VIEWS:
        if f"view {view}" in bench.values:
            at_most(f"helper view {view}", bench.median(f"view {view}") * 1000, 20, " ms")
    if "plain loop" in bench.values:
        ours = bench.median("the accounts of the loop")
        at_most(f"populate / plain loop, {LOOP_ACCOUNTS} accounts", ours / bench.median("plain loop"), 1, " x")
    if "refreshable view of flow_ai_summary" in bench.values:
        ratio = bench.median("flow_ai_summary alone") / bench.median("refreshable view of flow_ai_summary")
        at_most("flow_ai_summary: populate / refreshable view", ratio, 1, " x")
    if "dbt run of flow_ai_summary" in bench.values:
        ratio = bench.median("flow_ai_summary alone") / bench.median("dbt run of flow_ai_summary")
        at_most("flow_ai_summary: populate / dbt run", ratio, 1, " x")
    return rows


def machine(engine):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return {
        "processor": model[1] if model else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "clickhouse": engine.query("SELECT version()").strip(),
        "load_before": os.getloadavg()[0],
    }


def summarize(bench, facts):
    measurements = {
        name: {"median": statistics.median(values), "least": min(values), "most": max(values), "runs": len(values)}
        for name, values in bench.values.items()
    }
    rows = bars(bench)
    if bench.quiet:
        listed = [{"bar": what, "found": found, "limit": limit, "holds": holds} for what, found, limit, holds in rows]
        print(json.dumps({"accounts": bench.accounts, "days": bench.days, "machine": facts,
                          "measurements": measurements, "bars": listed}, indent=2))
        return
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    print(f"{bench.accounts} accounts x {bench.days} days\n")
    print(f"{'measured (seconds unless said)':50} {'median':>10} {'least':>10} {'most':>10} {'runs':>5}")
    for name, it in measurements.items():
        print(f"{name:50} {it['median']:10.3f} {it['least']:10.3f} {it['most']:10.3f} {it['runs']:5}")
    print(f"\n{'bar':56} {'found':>14} {'limit':>12}")
    for what, found, limit, holds in rows:
        print(f"{what:56} {found:>14} {limit:>12}  {'holds' if holds else 'MISSED'}")


def measure(bench, facts, arguments):
    """All measurements, in an order that leaves the folder as the next one needs it."""
    if not arguments.short:
        try:
            bench.dbt = install_dbt()
        except NotInstalled as reason:
            bench.say(f"dbt-clickhouse does not install here and is left out: {reason}")
    data, environment = bench.seed("main", bench.accounts, bench.days)
    with Engine(bench.program, data) as engine:
        facts.update(machine(engine))
        if bench.dbt:
            facts["dbt"] = " ".join(PACKAGES)
        ids = engine.query("SELECT DISTINCT klaviyo_public_id FROM flow_statistics ORDER BY 1").split()
        first(bench, engine)
        if not arguments.short:
            nightly(bench, engine)
        some_accounts(bench, engine, ids)
        if not arguments.quick and not arguments.short:
            rest(bench, engine)
        one_account(bench, engine, ids)
        bench.say("helper views")
        helper_views(bench, engine, ids)
        if arguments.short:
            return
        bench.say("alternatives")
        account_loop(bench, engine, ids)
        one_table(bench, engine, ids)
    bench.say("the engine in the process itself")
    embedded(bench, environment, ids)
    if not arguments.quick:
        lengths(bench)
        giant(bench)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--runs", type=int, default=3, help="repetitions; medians are of these")
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--quick", action="store_true", help="100 accounts, without the long windows and the giant")
    extent.add_argument("--short", action="store_true", help="first run and latencies alone: for very many accounts")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.accounts = min(arguments.accounts, 100)
    # A shell may have started this with SIGINT ignored.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    folder = tempfile.mkdtemp(prefix="aiviews-bench-")
    try:
        bench = Bench(arguments, folder)
        facts = {}
        measure(bench, facts, arguments)
    except KeyboardInterrupt:
        bench.say("interrupted: what was measured so far")
    else:
        bench.say("done")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    summarize(bench, facts)


if __name__ == "__main__":
    main()
