"""Measures the forecast side by side with others: how far off, how honest its bands, how long. Started by scripts/bench."""

import argparse
import csv
import datetime
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from engine import Engine, run
from venv_of import NotInstalled, install

HORIZON = 28
ORIGINS = 6
# The longest history that populate reads, and the parts that a longer series is cut into.
LONGEST, PART = 1092, 730
PACKAGES = ["statsforecast==2.1.1", "prophet==1.5.0"]
BARS = {"mase": 0.90, "total": 0.075, "coverage": (0.76, 0.84), "seconds": 10, "share": 0.15}
OWN = "aiviews"


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def date(text):
    """Dates as ISO, or day/month/year."""
    if "/" not in text:
        return datetime.date.fromisoformat(text)
    day, month, year = map(int, text.split("/"))
    return datetime.date(year + 2000 if year < 100 else year, month, day)


def daily(values):
    """A value for each day from the first to the last; a missing one is that of the week before."""
    first, last = min(values), max(values)
    series = []
    for offset in range((last - first).days + 1):
        found = values.get(first + datetime.timedelta(offset))
        series.append(found if found is not None else (series[-7] if len(series) >= 7 else 0.0))
    return series


def public(folder):
    """Series of a folder of CSV files: a date and a value a line; `_log_` in a name tells logarithms."""
    series = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".csv"):
            continue
        with open(os.path.join(folder, name), newline="", encoding="utf-8") as file:
            rows = [row for row in list(csv.reader(file))[1:] if row[1] not in ("", "NA")]
        unlog = math.exp if "_log_" in name else float
        values = daily({date(row[0]): unlog(float(row[1])) for row in rows})
        parts = [values[max(0, end - PART):end] for end in range(len(values), PART // 2, -PART)]
        series.update({f"{name[:-4]}/{number}": part for number, part in enumerate(parts)})
    return series


def seeded(program, accounts):
    """Daily revenue of accounts that `seed` makes, those with a story among them."""
    folder = tempfile.mkdtemp(prefix="aiviews-bench-")
    environment = {**os.environ, "AIVIEWS_DATA_DIR": folder}
    environment.pop("CLICKHOUSE_URL", None)
    try:
        run(program, environment, ["seed", "--accounts", str(accounts), "--days", "740", "--stories"])
        run(program, environment, ["migrate"])
        run(program, environment, ["populate", "--days", "740", "--no-forecast"])
        with Engine(program, folder) as engine:
            rows = engine.query(
                "SELECT klaviyo_public_id, date, sum(total_revenue) FROM channel_performance_daily "
                "WHERE date < today() - 7 GROUP BY ALL ORDER BY ALL FORMAT TSV").splitlines()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    days = {}
    for account, day, revenue in (row.split("\t") for row in rows):
        days.setdefault(account, {})[date(day)] = float(revenue)
    series = {}
    for account, values in days.items():
        first, last = min(values), max(values)
        all_days = [first + datetime.timedelta(offset) for offset in range((last - first).days + 1)]
        series[account] = [values.get(day, 0.0) for day in all_days]
    # Those that began lately have no six origins.
    return {name: values for name, values in series.items() if len(values) >= 56 + ORIGINS * HORIZON and any(values)}


def tasks(series):
    """Each series from each of its origins: name, days before, all days."""
    for name, values in series.items():
        values = values[-LONGEST:]
        for back in range(ORIGINS, 0, -1):
            origin = len(values) - back * HORIZON
            if origin >= 2 * 56:
                yield name, origin, values


def own(example, series):
    """The forecasts of the method itself: by name and origin, days and total, each (expected, lower, upper)."""
    lines = [f"{name} {origin} {' '.join(map(repr, values[:origin]))}" for name, origin, values in tasks(series)]
    answer = subprocess.run([example], input="\n".join(lines), capture_output=True, text=True, check=True).stdout
    found = {}
    for line in answer.splitlines():
        name, origin, day, *figures = line.split(" ")
        found.setdefault((name, int(origin)), {})[day] = [float(figure) for figure in figures]
    return {key: [days[str(day)] for day in range(HORIZON)] for key, days in found.items()}


def peers(programs, series):
    """The forecasts of the others, by their names."""
    document = json.dumps([[name, origin, values[:origin]] for name, origin, values in tasks(series)])
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "forecast_peers.py")
    answer = subprocess.run([os.path.join(programs, "python"), script], input=document, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=True).stdout
    found = json.loads(answer.splitlines()[-1])
    return {peer: {(name, origin): days for name, origin, days in all_days} for peer, all_days in found.items()}


def judged(series, forecasts):
    """MASE, error of the total and coverage, each a mean over series and origins."""
    errors, totals, covered = [], [], []
    for name, origin, values in tasks(series):
        before, came = values[:origin], values[origin:origin + HORIZON]
        usual = statistics.mean(abs(day - week_ago) for day, week_ago in zip(before[7:], before))
        days = forecasts.get((name, origin))
        if days is None or usual == 0 or sum(came) <= 0:
            continue
        errors.append(statistics.mean(abs(day[0] - actual) for day, actual in zip(days, came)) / usual)
        totals.append(min(1, abs(sum(day[0] for day in days) - sum(came)) / sum(came)))
        covered.append(statistics.mean(day[1] <= actual <= day[2] for day, actual in zip(days, came)))
    return {"mase": statistics.mean(errors), "total": statistics.mean(totals),
            "coverage": statistics.mean(covered), "forecasts": len(errors)}


def cost(program, accounts):
    """What forecasts and events add to a refresh: their milliseconds, and those of the refresh."""
    folder = tempfile.mkdtemp(prefix="aiviews-bench-")
    environment = {**os.environ, "AIVIEWS_DATA_DIR": folder}
    environment.pop("CLICKHOUSE_URL", None)
    try:
        run(program, environment, ["seed", "--accounts", str(accounts), "--days", "90"])
        run(program, environment, ["migrate"])
        report, _, _ = run(program, environment, ["populate"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return report["outlook"], report["elapsed_ms"]


def table(title, rows):
    print(f"\n{title}\n\n| method | MASE | error of 28 days | 80 % band covers |\n|---|--:|--:|--:|")
    for name, it in rows.items():
        print(f"| {name} | {it['mase']:.3f} | {100 * it['total']:.1f} % | {100 * it['coverage']:.1f} % |")


def verdicts(rows):
    """Whether the bars hold on these series."""
    mine = rows[OWN]
    low, high = BARS["coverage"]
    bars = [
        (f"MASE at most {BARS['mase']:.2f}", f"{mine['mase']:.3f}", mine["mase"] <= BARS["mase"]),
        (f"error of the 28-day total at most {100 * BARS['total']:.1f} %", f"{100 * mine['total']:.1f} %",
         mine["total"] <= BARS["total"]),
        (f"the 80 % band covers {100 * low:.0f} to {100 * high:.0f} %", f"{100 * mine['coverage']:.1f} %",
         low <= mine["coverage"] <= high),
    ]
    for peer in (name for name in rows if name != OWN):
        bars.append((f"ahead of {peer} in both", f"{rows[peer]['mase']:.3f}, {100 * rows[peer]['total']:.1f} %",
                     mine["mase"] < rows[peer]["mase"] and mine["total"] < rows[peer]["total"]))
    return bars


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench forecast", description=__doc__)
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--example", required=True, help=argparse.SUPPRESS)
    parser.add_argument("folder", nargs="?", default=os.environ.get("AIVIEWS_SERIES"),
                        help="folder of CSV files with a date and a value a line (or AIVIEWS_SERIES)")
    parser.add_argument("--accounts", type=int, default=12, help="seeded accounts besides those with a story")
    parser.add_argument("--refresh", type=int, default=0, metavar="N", help="also refresh N seeded accounts")
    parser.add_argument("--no-peers", action="store_true", help="only the method itself")
    arguments = parser.parse_args()
    sets = {"seeded accounts": seeded(arguments.program, arguments.accounts)}
    if arguments.folder:
        sets["public series"] = public(arguments.folder)
    programs = None
    if not arguments.no_peers:
        try:
            programs = install("bench-forecast", PACKAGES, "import statsforecast, prophet")
        except NotInstalled as reason:
            say(f"without peers: {reason}")
    missed = 0
    for title, series in sets.items():
        say(f"{title}: {len(series)} series")
        rows = {OWN: judged(series, own(arguments.example, series))}
        if programs:
            rows.update({name: judged(series, found) for name, found in peers(programs, series).items()})
        table(f"{title}: {len(series)} series, {rows[OWN]['forecasts']} forecasts of 28 days", rows)
        print("\n| bar | measured | verdict |\n|---|---|---|")
        for bar, measured, holds in verdicts(rows):
            missed += not holds
            print(f"| {bar} | {measured} | {'holds' if holds else 'missed'} |")
    seconds = float(subprocess.run([arguments.example, "1000"], capture_output=True, text=True, check=True).stdout)
    print(f"\n1,000 accounts x 4 series of two years are computed in {seconds:.1f} s (at most {BARS['seconds']} s).")
    missed += seconds > BARS["seconds"]
    if arguments.refresh:
        outlook, elapsed = cost(arguments.program, arguments.refresh)
        share = outlook["outlook_ms"] / elapsed
        print(f"A first refresh of {arguments.refresh} accounts x 90 days takes {elapsed / 1000:.1f} s, and on top of it "
              f"{outlook['forecast_ms'] / 1000:.1f} s for {outlook['forecast_accounts']} forecasts and "
              f"{outlook['events_ms'] / 1000:.1f} s for the search for events: {100 * share:.1f} % "
              f"(at most {100 * BARS['share']:.0f} %).")
        missed += share > BARS["share"]
    sys.exit(1 if missed else 0)


main()
