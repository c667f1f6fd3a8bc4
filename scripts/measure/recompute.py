"""Recomputes questions and figures of `context` from the raw rows, by the definitions alone, and compares every cell.

Reads the sources over HTTP from a running `aiviews serve` on freshly populated sample accounts, and asks the program:

    AIVIEWS_PROGRAM=target/debug/aiviews URL=http://127.0.0.1:8123 AIVIEWS_TOKEN=... python3 scripts/measure/recompute.py

Ends with 1 and names the cells where one differs. Python's standard library alone; no SQL of the program is read.
"""
import collections
import datetime
import json
import os
import re
import struct
import subprocess
import sys
import urllib.request

PROGRAM = os.environ.get("AIVIEWS_PROGRAM", "target/release/aiviews")
URL = os.environ["URL"]
DATABASE = os.environ.get("CLICKHOUSE_DATABASE", "aiviews")
compared = 0
wrong = []


def rows(sql):
    request = urllib.request.Request(f"{URL}/?database={DATABASE}", data=(sql + " FORMAT JSONEachRow").encode())
    request.add_header("X-ClickHouse-Key", os.environ["AIVIEWS_TOKEN"])
    with urllib.request.urlopen(request) as answer:
        return [json.loads(line) for line in answer]


def ask(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def day(text):
    return datetime.date.fromisoformat(text)


def single(number):
    return struct.unpack("f", struct.pack("f", number))[0]


def same(what, found, expected, decimals=2):
    """Equal after rounding to what is shown; the last digit may go either way."""
    global compared
    compared += 1
    if found is None or expected is None or isinstance(expected, str):
        is_same = found == expected
    else:
        is_same = abs(found - expected) <= 0.5000001 * 10 ** -decimals + 1e-6 * abs(expected)
    if not is_same:
        wrong.append(f"{what}: {found} shown, {expected} computed")


class Account:
    """The raw rows of one account, summed to what one message on one day is, as far as the tables go."""

    def __init__(self, account, first_day, last_day):
        self.account, self.first_day, self.last_day = account, first_day, last_day
        self.campaigns = self.read("campaign")
        self.flows = self.read("flow")

    def read(self, kind):
        read = []
        for row in rows(f"SELECT * FROM {kind}_statistics_latest WHERE klaviyo_public_id = '{self.account}'"):
            value = float(row["conversion_value"])
            if not 0 <= value <= 1e9 or day(row["date"]) < self.first_day:
                continue
            if kind == "flow":
                rate = float(row["spam_complaint_rate"])
                complaints = round(int(row["delivered"]) * rate) if 0 <= rate <= 1 else 0
            else:
                complaints = int(row["spam_complaints"])
            number = {name: int(row[name]) for name in (
                "recipients", "delivered", "opens_unique", "clicks_unique", "conversion_uniques", "bounced",
                "unsubscribes")}
            read.append(dict(
                number, complaints=complaints, micros=round(value * 1e6), day=day(row["date"]), kind=kind,
                id=row[f"{kind}_id"], name=row[f"{kind}_name"], channel=row["send_channel"],
                updated=row["last_updated"]))
        return read

    def within(self, read, days, before=0):
        """The rows of so many days, which end so many days before the last complete one."""
        last = self.last_day - datetime.timedelta(before)
        return [row for row in read if last - datetime.timedelta(days) < row["day"] <= last]


def total(read, name):
    return sum(row[name] for row in read)


def grouped(read, *names):
    groups = collections.defaultdict(list)
    for row in read:
        groups[tuple(row[name] for name in names)].append(row)
    return groups


def list_health(it, days):
    has_usual = it.first_day <= it.last_day - datetime.timedelta(days + 89)
    expected = {}
    now = grouped(it.within(it.campaigns + it.flows, days), "channel")
    before = grouped(it.within(it.campaigns + it.flows, 90, days), "channel")
    for (channel,), read in now.items():
        for measure, name, out_of in (("unsubscribes", "unsubscribes", "delivered"),
                                      ("spam complaints", "complaints", "delivered"),
                                      ("bounces", "bounced", "recipients")):
            number, messages = total(read, name), total(read, out_of)
            then, messages_then = total(before[(channel,)], name), total(before[(channel,)], out_of)
            if not messages:
                continue
            usual = then / messages_then if has_usual and messages_then else None
            likely = None if usual is None else usual * messages
            expected[channel, measure] = (
                number, 1000 * number / messages, usual and 1000 * usual,
                100 * (number / likely - 1) if likely is not None and likely >= 10 else None,
                None if likely is None else number - likely)
    answer = ask("query", "list_health", "-k", it.account, "--format", "json", "--days", str(days), "--limit", "1000")
    same(f"{it.account} list_health rows", len(answer["rows"]), len(expected))
    for row in answer["rows"]:
        values = expected[row["channel"], row["measure"]]
        names = (("number", 0), ("per_1000", 2), ("usual_per_1000", 2), ("vs_usual_pct", 0), ("more_than_usual", 0))
        for (name, decimals), value in zip(names, values):
            same(f"{it.account} list_health {row['channel']} {row['measure']} {name}", row[name], value, decimals)


def why_revenue_changed(it, days):
    is_comparable = it.first_day <= it.last_day - datetime.timedelta(2 * days - 1)
    now = grouped(it.within(it.campaigns + it.flows, days), "kind", "channel")
    before = grouped(it.within(it.campaigns + it.flows, days, days), "kind", "channel")
    answer = ask("query", "why_revenue_changed", "-k", it.account, "--format", "json", "--days", str(days),
                 "--limit", "1000")
    same(f"{it.account} why_revenue_changed rows", len(answer["rows"]), len(set(now) | set(before)))
    for row in answer["rows"]:
        key = (row["kind"].rstrip("s"), row["channel"])
        revenue, earlier = total(now[key], "micros") / 1e6, total(before[key], "micros") / 1e6
        reached, reached_before = total(now[key], "delivered"), total(before[key], "delivered")
        change = revenue - earlier
        if reached and reached_before:
            value, value_before = revenue / reached, earlier / reached_before
            messages = (reached - reached_before) * (value + value_before) / 2
        else:
            messages = 0 if reached == reached_before else change
        told = lambda number: number if is_comparable else None
        for name, value in (
                ("revenue", revenue), ("revenue_before", told(earlier)), ("change", told(change)),
                ("from_messages", told(messages)), ("from_value", told(change - messages)), ("delivered", reached),
                ("delivered_before", told(reached_before)),
                ("per_1000", 1000 * revenue / reached if reached else None),
                ("per_1000_before", told(1000 * earlier / reached_before if reached_before else None))):
            same(f"{it.account} why_revenue_changed {key} {name}", row[name], value)


def sent_on(read):
    days = collections.Counter()
    for row in read:
        days[row["day"]] += row["recipients"]
    return max(days, key=lambda day: (days[day], -day.toordinal()))


def worst_campaigns(it, days):
    campaigns = []
    read = [row for row in it.campaigns if row["day"] <= it.last_day]
    for (id, channel), group in grouped(read, "id", "channel").items():
        on = sent_on(group)
        if (total(group, "recipients") and it.last_day - datetime.timedelta(days) < on
                and on <= it.last_day - datetime.timedelta(7)):
            campaigns.append((id, channel, group, on))
    sums = collections.defaultdict(lambda: [0, 0])
    for _, channel, group, _ in campaigns:
        sums[channel][0] += total(group, "micros")
        sums[channel][1] += total(group, "delivered")
    worst = []
    for id, channel, group, on in campaigns:
        reached = total(group, "delivered")
        usual = sums[channel][0] / 1e3 / sums[channel][1]
        own = total(group, "micros") / 1e3 / reached if reached else 0
        if reached >= 50 and own < usual:
            revenue = total(group, "micros") / 1e6
            worst.append(((usual - own) * reached / 1000, id, channel, on, reached, revenue, own, usual))
    worst.sort(key=lambda row: (-row[0], row[1], row[2]))
    answer = ask("query", "worst_campaigns", "-k", it.account, "--format", "json", "--days", str(days),
                 "--limit", "1000")
    same(f"{it.account} worst_campaigns rows", len(answer["rows"]), len(worst))
    for row, (missed, id, channel, on, reached, revenue, own, usual) in zip(answer["rows"], worst):
        for name, value in (("channel", channel), ("sent_on", on.isoformat()), ("delivered", reached),
                            ("revenue", revenue), ("revenue_per_1000", own), ("usual_per_1000", usual),
                            ("revenue_missed", missed)):
            same(f"{it.account} worst_campaigns {id} {name}", row[name], value)


def campaign(it, as_of):
    """A dozen campaigns by their ids: rates, revenue, the comparison and the rating."""
    window = [row for row in it.campaigns if as_of - datetime.timedelta(90) < row["day"] <= as_of]
    usual = {}
    for (channel,), read in grouped(window, "channel").items():
        reached = total(read, "delivered")
        sent = {row["id"] for row in read if row["recipients"]}
        rate = lambda name: single(total(read, name) / reached) if reached else 0
        usual[channel] = (rate("opens_unique"), rate("clicks_unique"),
                          total(read, "micros") / 1e6 / len(sent) if sent else 0,
                          len(grouped(read, "day", "id")))
    for (id,), all_channels in list(grouped(it.campaigns, "id").items())[::7][:12]:
        answer = ask("query", "campaign", "-k", it.account, "--format", "json", "--param", f"campaign={id}")
        channels = grouped(all_channels, "channel")
        same(f"{it.account} campaign {id} rows", len(answer["rows"]), len(channels))
        for row in answer["rows"]:
            read = channels[(row["channel"],)]
            opens, clicks, mean, benchmark_rows = usual[row["channel"]]
            reached, revenue, on = total(read, "delivered"), total(read, "micros") / 1e6, sent_on(read)
            tracks = opens >= single(0.01)
            rate = lambda name: 100 * total(read, name) / reached if reached else None
            # One that never left is compared with nothing.
            is_over = on <= it.last_day and total(read, "recipients") > 0
            judged, benchmark = (rate("opens_unique"), opens) if tracks else (rate("clicks_unique"), clicks)
            if is_over and reached >= 50 and benchmark > 0 and benchmark_rows >= 3:
                x = round(judged / 100 / benchmark, 6)
                rating = ("Excellent" if x > 1.3 else "Good" if x > 1.1 else "Needs Attention" if x < 0.8
                          else "Average")
            else:
                rating = "Not Enough Data"
            for name, value, decimals in (
                    ("delivered", reached, 0), ("open_rate_pct", rate("opens_unique") if tracks else None, 1),
                    ("click_rate_pct", rate("clicks_unique"), 2),
                    ("usual_open_rate_pct", 100 * opens if tracks else None, 1),
                    ("usual_click_rate_pct", 100 * clicks, 2),
                    ("conversion_rate_pct", rate("conversion_uniques"), 2), ("revenue", revenue, 2),
                    ("revenue_per_1000", 1000 * revenue / reached if reached else None, 2),
                    ("vs_average_pct", 100 * (revenue / mean - 1) if mean and is_over else None, 0),
                    ("unsubscribes", total(read, "unsubscribes"), 0), ("spam_complaints", total(read, "complaints"), 0),
                    ("bounces", total(read, "bounced"), 0), ("rating", rating, 0)):
                same(f"{it.account} campaign {id} {row['channel']} {name}", row[name], value, decimals)


def context(it):
    """The figures of the sections about days, weeks' changes and channels, and those of the sentences."""
    told = ask("context", "-k", it.account, "--format", "json", "--max-tokens", "5000")
    sections = told["sections"]
    everything = it.campaigns + it.flows
    if "days" in sections:
        for back, row in enumerate(sections["days"]["rows"]):
            revenue = total(it.within(everything, 1, back), "micros") / 1e6
            same(f"{it.account} context days -{back}", row[1], revenue, 0 if revenue >= 9.5 else 2)
    now, before = it.within(everything, 7), it.within(everything, 7, 7)
    for insight in told["insights"]:
        figures = insight.get("figures", {})
        if insight["text"].startswith("Revenue of the last 7 days"):
            same(f"{it.account} context week", figures["last_7_days"], total(now, "micros") / 1e6, 0)
            same(f"{it.account} context week before", figures["previous_7_days"], total(before, "micros") / 1e6, 0)
            change = 100 * (total(now, "micros") / total(before, "micros") - 1)
            same(f"{it.account} context change", figures["change_pct"], change, 0)
            in_words = float(re.search(r"(\d+) %", insight["text"]).group(1))
            same(f"{it.account} context change in words", in_words, abs(change), 0)
    if "channels" in sections:
        channels = grouped(it.within(everything, 30), "channel")
        for row in sections["channels"]["rows"]:
            row = row if sections["channels"]["columns"][0] == "channel" else ["email", *row]
            revenue = total(channels[(row[0],)], "micros") / 1e6
            same(f"{it.account} context channel {row[0]}", row[1], revenue, 0 if revenue >= 9.5 else 2)


def main():
    today = day(rows("SELECT today() AS today")[0]["today"])
    # Where messages begin in the tables; the run may have read less than the sources have.
    first_days = rows("SELECT klaviyo_public_id AS account, min(date) AS first_day FROM channel_performance_daily "
                      "GROUP BY account ORDER BY account")
    for row in first_days:
        it = Account(row["account"], day(row["first_day"]), today - datetime.timedelta(1))
        for days in (7, 30):
            list_health(it, days)
            why_revenue_changed(it, days)
        worst_campaigns(it, 90)
        campaign(it, today)
        context(it)
    print(f"{len(first_days)} accounts, {compared} cells compared, {len(wrong)} differ")
    print("\n".join(wrong[:40]))
    sys.exit(1 if wrong else 0)


main()
