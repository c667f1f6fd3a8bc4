"""Recomputes questions and figures of `context` from the raw rows, by the definitions alone, and compares every cell.

Reads the sources over HTTP from a running `aiviews serve` on freshly populated sample accounts, and asks the program:

    AIVIEWS_PROGRAM=target/debug/aiviews URL=http://127.0.0.1:8123 AIVIEWS_TOKEN=... python3 scripts/measure/recompute.py

Ends with 1 and names the cells where one differs. Python's standard library alone; no SQL of the program is read.
"""
import collections
import datetime
import json
import math
import os
import re
import statistics
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
        self.all = self.campaigns + self.flows
        self.segments = self.others("segment", "total_members")
        self.forms = self.others("form", "viewed_form", "submits")

    def others(self, kind, *names):
        """Rows of segments or forms; of two of one day the newest, then the greatest."""
        read = {}
        for row in rows(f"SELECT * FROM {kind}_statistics_latest WHERE klaviyo_public_id = '{self.account}'"):
            told = dict({name: int(row[name]) for name in names}, day=day(row["date"]), id=row[f"{kind}_id"],
                        name=row[f"{kind}_name"], updated=row["last_updated"])
            key = (told["day"], told["id"])
            if key not in read or (told["updated"], told[names[0]]) > (read[key]["updated"], read[key][names[0]]):
                read[key] = told
        return list(read.values())

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
                id=row[f"{kind}_id"], message=row[f"{kind}_message_id"], name=row[f"{kind}_name"],
                channel=row["send_channel"], updated=row["last_updated"]))
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
                ("per_1000_before", told(1000 * earlier / reached_before if reached_before else None)),
                ("open_rate_pct", rate(now[key], "opens_unique", tracks(now[key] + before[key]))),
                ("open_rate_before_pct", told(rate(before[key], "opens_unique", tracks(now[key] + before[key]))))):
            same(f"{it.account} why_revenue_changed {key} {name}", row[name], value,
                 1 if name.startswith("open_rate") else 2)


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


def pct(number, out_of):
    return 100 * number / out_of if out_of else None


def change(now, before):
    return 100 * (now / before - 1) if before else None


def tracks(read):
    return total(read, "delivered") > 0 and 100 * total(read, "opens_unique") >= total(read, "delivered")


def rate(read, name, only=True):
    return pct(total(read, name), total(read, "delivered")) if only else None


def per_1000(read):
    return total(read, "micros") / 1e3 / total(read, "delivered") if total(read, "delivered") else None


def newest_name(read):
    named = [row for row in read if row["name"]]
    return max(named, key=lambda row: (row["day"], row["updated"], row["name"]))["name"] if named else ""


def compare(it, question, expected, *arguments, names, key=None):
    """Row by row in the order expected; `names` are columns with their decimals, None for text."""
    answer = ask("query", question, "-k", it.account, "--format", "json", "--limit", "1000", *arguments)["rows"]
    same(f"{it.account} {question} {arguments} rows", len(answer), len(expected))
    for place, (row, values) in enumerate(zip(answer, expected)):
        for (name, decimals), value in zip(names, values):
            what = f"{it.account} {question} {arguments} row {place} {name}"
            same(what, row[name], value, 0 if decimals is None else decimals)


def channels_compared(it, days):
    window = it.within(it.all, days)
    all_micros = total(window, "micros")
    expected = [(channel, total(read, "micros") / 1e6, pct(total(read, "micros"), all_micros) or 0,
                 total(read, "delivered"), rate(read, "opens_unique", tracks(read)), rate(read, "clicks_unique"),
                 per_1000(read))
                for (channel,), read in grouped(window, "channel").items()]
    expected.sort(key=lambda row: (-row[1], row[0]))
    compare(it, "channels_compared", expected, "--days", str(days), names=(
        ("channel", None), ("revenue", 2), ("share_pct", 1), ("delivered", 0), ("open_rate_pct", 1),
        ("click_rate_pct", 2), ("revenue_per_1000", 2)))
    return expected


def open_rate_of_channels(read, by):
    """Over the channels that track opens in `by`."""
    tracking = {channel for (channel,), rows_of in grouped(by, "channel").items() if tracks(rows_of)}
    return rate([row for row in read if row["channel"] in tracking], "opens_unique")


def measures(it):
    """Name, now, before, change, what stands behind now and before."""
    now, before = it.within(it.all, 7), it.within(it.all, 7, 7)
    has_before = it.first_day <= it.last_day - datetime.timedelta(13)
    both = now + before
    openable = lambda read: total([row for row in read if row["channel"] in {
        channel for (channel,), of in grouped(both, "channel").items() if tracks(of)}], "delivered")
    values = [
        ("revenue", lambda read: total(read, "micros") / 1e6, lambda read: total(read, "conversion_uniques")),
        ("messages sent", lambda read: total(read, "recipients"), lambda read: None),
        ("conversions", lambda read: total(read, "conversion_uniques"), lambda read: None),
        ("open rate %", lambda read: open_rate_of_channels(read, both), openable),
        ("click rate %", lambda read: rate(read, "clicks_unique"), lambda read: total(read, "delivered")),
        ("conversion rate %", lambda read: rate(read, "conversion_uniques"), lambda read: total(read, "delivered")),
        ("revenue per 1000", per_1000, lambda read: total(read, "delivered")),
    ]
    told = []
    for name, value, out_of in values:
        one, other = value(now), value(before) if has_before else None
        told.append((name, one, other, change(one, other) if one is not None and other else None,
                     out_of(now), out_of(before) if has_before else None))
    return told


def week_against_week(it):
    expected = measures(it)
    answer = ask("query", "week_against_week", "-k", it.account, "--format", "json")["rows"]
    for row, (name, now, before, by, out_of, out_of_before) in zip(answer, expected):
        # Figures side by side have as many decimals as show their change: two at least.
        for column, value, decimals in (("measure", name, 0), ("last_7_days", now, 2), ("previous_7_days", before, 2),
                                        ("change_pct", by, 1), ("out_of", out_of, 0),
                                        ("out_of_before", out_of_before, 0)):
            same(f"{it.account} week_against_week {name} {column}", row[column], value, decimals)


def weekly_revenue(it):
    end = it.last_day + datetime.timedelta(1)
    this_monday = end - datetime.timedelta(end.weekday())
    first_monday = it.first_day - datetime.timedelta(it.first_day.weekday())
    expected = []
    for back in range(1, 13):
        monday = this_monday - datetime.timedelta(7 * back)
        if monday < first_monday:
            break
        of = lambda read, monday: total([row for row in read if 0 <= (row["day"] - monday).days < 7], "micros")
        sides = [of(read, monday) / 1e6 for read in (it.campaigns, it.flows)]
        before = of(it.all, monday - datetime.timedelta(7)) / 1e6
        by = change(sum(sides), before) if it.first_day <= monday - datetime.timedelta(7) else None
        expected.append((monday.isoformat(), *sides, sum(sides), by))
    compare(it, "weekly_revenue", expected, names=(
        ("week_from", None), ("campaign_revenue", 2), ("flow_revenue", 2), ("revenue", 2), ("change_pct", 1)))


def month_after(first):
    return (first + datetime.timedelta(32)).replace(day=1)


def monthly_history(it):
    expected, before, was_whole = [], None, False
    first = it.first_day.replace(day=1)
    while first <= it.last_day:
        end = month_after(first) - datetime.timedelta(1)
        start, stop = max(first, it.first_day), min(end, it.last_day)
        of = lambda read: [row for row in read if start <= row["day"] <= stop]
        revenue = total(of(it.all), "micros") / 1e6
        is_whole = (start, stop) == (first, end)
        expected.append((first.strftime("%Y-%m"), total(of(it.campaigns), "micros") / 1e6,
                         total(of(it.flows), "micros") / 1e6, revenue,
                         change(revenue, before) if is_whole and was_whole else None, total(of(it.all), "recipients"),
                         None if is_whole else f"{(stop - start).days + 1} of {(end - first).days + 1}"))
        before, was_whole, first = revenue, is_whole, month_after(first)
    compare(it, "monthly_history", expected[::-1][:12], names=(
        ("month", None), ("campaign_revenue", 2), ("flow_revenue", 2), ("revenue", 2), ("change_pct", 1),
        ("recipients", 0), ("only_days", None)))


def periods(it, months):
    """Days, weeks, and months before them, the newest first: kind, from, to, rows."""
    told, last = [], it.last_day
    bottom = (last - datetime.timedelta(35)).replace(day=1)
    for _ in range(months - 1):
        bottom = (bottom - datetime.timedelta(1)).replace(day=1)
    bottom = max(bottom, it.first_day)
    spans = [("day", last - datetime.timedelta(back), last - datetime.timedelta(back)) for back in range(7)]
    spans += [("week", last - datetime.timedelta(13 + 7 * back), last - datetime.timedelta(7 + 7 * back))
              for back in range(4)]
    stop = last - datetime.timedelta(35)
    while stop >= bottom:
        spans.append(("month", stop.replace(day=1), stop))
        stop = stop.replace(day=1) - datetime.timedelta(1)
    for kind, start, stop in spans:
        start = max(start, bottom)
        if start <= stop:
            told.append((kind, start, stop, [row for row in it.all if start <= row["day"] <= stop]))
    return told, [row for row in it.all if bottom <= row["day"] <= last]


def timeline(it):
    told, shown = periods(it, 6)
    expected = [(kind, start.isoformat(), stop.isoformat(), total(read, "micros") / 1e6, total(read, "delivered"),
                 open_rate_of_channels(read, shown), rate(read, "clicks_unique")) for kind, start, stop, read in told]
    compare(it, "timeline", expected, names=(
        ("period", None), ("from_day", None), ("to_day", None), ("revenue", 2), ("delivered", 0),
        ("open_rate_pct", 1), ("click_rate_pct", 2)))


def usual_rates(it, read, as_of):
    """By channel: open rate, click rate, whether opens are tracked, and the rows, over the 90 days of the refresh."""
    window = [row for row in read if as_of - datetime.timedelta(90) < row["day"] <= as_of]
    return {channel: (rate(of, "opens_unique"), rate(of, "clicks_unique"), tracks(of), of)
            for (channel,), of in grouped(window, "channel").items()}


def is_open_tracked(usual, channel):
    return channel in usual and usual[channel][2]


def sums(it, read, usual):
    """Delivered, open rate, click rate, revenue, revenue per 1,000."""
    channel = read[0]["channel"]
    return (total(read, "delivered"), rate(read, "opens_unique", is_open_tracked(usual, channel)),
            rate(read, "clicks_unique"), total(read, "micros") / 1e6, per_1000(read))


def flows_by_revenue(it, as_of):
    usual = usual_rates(it, it.flows, as_of)
    names = (("flow", None), ("channel", None), ("delivered", 0), ("open_rate_pct", 1), ("click_rate_pct", 2),
             ("revenue", 2), ("revenue_per_1000", 2))
    told = []
    for (id, channel), read in grouped(it.within(it.flows, 30), "id", "channel").items():
        told.append((id, (newest_name(read), channel, *sums(it, read, usual))))
    told.sort(key=lambda row: (-row[1][5], row[0], row[1][1]))
    compare(it, "flows_by_revenue", [row for _, row in told], "--days", "30", names=names)
    ever = {row["id"] for row in it.flows if "welcome" in row["name"].lower()}
    compare(it, "flow_across_stores", [row for id, row in told if id in ever], "--param", "flow=welcome", names=names)


def top_campaigns(it, as_of):
    usual, told = usual_rates(it, it.campaigns, as_of), []
    for (id, channel), read in grouped(it.within(it.campaigns, 30), "id", "channel").items():
        sent = [row["day"] for row in read if row["recipients"]]
        delivered, opens, clicks, revenue, _ = sums(it, read, usual)
        told.append((id, (newest_name(read), channel, min(sent).isoformat() if sent else None, delivered, opens, clicks,
                          revenue)))
    told.sort(key=lambda row: (-row[1][6], row[0], row[1][1]))
    compare(it, "top_campaigns", [row for _, row in told], "--days", "30", names=(
        ("campaign", None), ("channel", None), ("sent_on", None), ("delivered", 0), ("open_rate_pct", 1),
        ("click_rate_pct", 2), ("revenue", 2)))


def whole_campaigns(it, through):
    read = [row for row in it.campaigns if row["day"] <= through]
    return [(id, channel, of, sent_on(of)) for (id, channel), of in grouped(read, "id", "channel").items()
            if total(of, "recipients")]


def low_open_rates(it, as_of):
    usual, told = usual_rates(it, it.campaigns, as_of), []
    for id, channel, read, on in whole_campaigns(it, it.last_day):
        reached, own = total(read, "delivered"), rate(read, "opens_unique")
        if (on > it.last_day - datetime.timedelta(90) and is_open_tracked(usual, channel) and reached >= 50
                and own < 25):
            missed = usual[channel][0] / 100 * reached - total(read, "opens_unique")
            told.append((-missed, -reached, id, channel,
                         (newest_name(read), channel, on.isoformat(), reached, own, usual[channel][0], missed)))
    compare(it, "low_open_rates", [row[4] for row in sorted(told)], "--threshold", "25", names=(
        ("campaign", None), ("channel", None), ("last_sent", None), ("delivered", 0), ("open_rate_pct", 1),
        ("usual_open_rate_pct", 1), ("opens_missed", 0)))


def campaigns_this_week(it, today):
    usual, told = usual_rates(it, it.campaigns, today), []
    for id, channel, read, on in whole_campaigns(it, today):
        if on < today - datetime.timedelta(7):
            continue
        of = usual[channel][3]
        mean = total(of, "micros") / 1e6 / len({row["id"] for row in of if row["recipients"]})
        reached, opens, clicks, revenue, _ = sums(it, read, usual)
        is_over = on <= it.last_day
        told.append((-revenue, -on.toordinal(), id, channel, (
            on.isoformat(), newest_name(read), channel, reached, opens, clicks, revenue,
            change(revenue, mean) if is_over else None)))
    compare(it, "campaigns_this_week", [row[4] for row in sorted(told)], names=(
        ("date", None), ("campaign", None), ("channel", None), ("delivered", 0), ("open_rate_pct", 1),
        ("click_rate_pct", 2), ("revenue", 2), ("vs_average_pct", 0)))


def stores_compared(it):
    now, before = it.within(it.all, 30), it.within(it.all, 30, 30)
    is_comparable = it.first_day <= it.last_day - datetime.timedelta(59)
    channels = {channel: total(of, "micros") for (channel,), of in grouped(now, "channel").items()}
    revenue = total(now, "micros") / 1e6
    expected = [(revenue, change(revenue, total(before, "micros") / 1e6) if is_comparable else None,
                 total(now, "delivered"), open_rate_of_channels(now, now), rate(now, "clicks_unique"),
                 max(channels, key=lambda channel: (channels[channel], channel)) if revenue else None)]
    compare(it, "stores_compared", expected, names=(
        ("revenue", 2), ("change_pct", 1), ("delivered", 0), ("open_rate_pct", 1), ("click_rate_pct", 2),
        ("best_channel", None)))


def benchmarks(it, as_of):
    expected = []
    for kind, read in (("campaigns", it.campaigns), ("flows", it.flows)):
        for channel, (opens, clicks, is_tracked, of) in usual_rates(it, read, as_of).items():
            if kind == "campaigns":
                sends = len({row["id"] for row in of if row["recipients"]})
            else:
                sends = len(grouped(of, "day", "id", "message"))
            expected.append((kind, channel, sends, opens if is_tracked else None, clicks,
                             total(of, "micros") / 1e6 / sends if sends else 0))
    expected.sort(key=lambda row: (row[0], -row[2], row[1]))
    compare(it, "benchmarks", expected, names=(
        ("kind", None), ("channel", None), ("sends", 0), ("open_rate_pct", 1), ("click_rate_pct", 2),
        ("revenue_per_send", 2)))
    return expected


def movers(it):
    """Name, kind, channel, now, before, change: those that moved the most money first; new ones after them."""
    if it.first_day > it.last_day - datetime.timedelta(13):
        return []
    told = []
    campaigns = [dict(row, id="") for row in it.campaigns]
    for kind, all_rows in (("campaigns", campaigns), ("flow", it.flows)):
        for (id, channel), read in grouped([row for row in all_rows if row["day"] <= it.last_day],
                                           "id", "channel").items():
            now = total(it.within(read, 7), "micros") / 1e6
            before = total(it.within(read, 7, 7), "micros") / 1e6
            if now == before:
                continue
            sent = [row["day"] for row in read if row["recipients"]]
            is_new = bool(sent) and min(sent) > it.last_day - datetime.timedelta(13)
            name = "all campaigns" if kind == "campaigns" else newest_name(read)
            orders = [total(it.within(read, 7, back), "conversion_uniques") for back in (0, 7)]
            told.append((is_new, -abs(now - before), kind, id, channel, name, now, before, orders))
    return sorted(told, key=lambda row: row[:5])


def what_changed(it):
    expected = []
    for is_new, _, kind, id, channel, name, now, before, orders in movers(it):
        expected.append((is_new, before - now, -now, kind, id, channel, (
            name, channel, now, None if is_new else before, None if is_new else now - before, kind, orders[0],
            None if is_new else orders[1])))
    # Whoever is new has no change to be ordered by.
    expected.sort(key=lambda row: (row[0], 0 if row[0] else row[1], row[2], row[3] != "campaigns", row[4], row[5]))
    compare(it, "what_changed", [row[6] for row in expected], names=(
        ("what", None), ("channel", None), ("last_7_days", 2), ("previous_7_days", 2), ("change", 2), ("kind", None),
        ("conversions", 0), ("conversions_before", 0)))


def segment_changes(it):
    told = []
    newest_of_all = max((row["day"] for row in it.segments), default=None)
    for (id,), read in grouped(it.segments, "id").items():
        newest = max(read, key=lambda row: row["day"])
        if newest["day"] <= newest_of_all - datetime.timedelta(7):
            continue

        def against(far, near):
            prior = [row for row in read if near <= (newest["day"] - row["day"]).days <= far]
            prior = max(prior, key=lambda row: row["day"])["total_members"] if prior else 0
            return change(newest["total_members"], prior), newest["total_members"] - prior if prior else None

        (week, people), (month, _) = against(10, 7), against(33, 30)
        told.append((newest_name(read), newest["total_members"], week, month, newest["day"].isoformat(), people, id))
    return told


def segments(it):
    told = segment_changes(it)
    told.sort(key=lambda row: (row[5] is None, -(row[5] or 0), -row[1], row[6]))
    answer = {row["segment"]: row for row in ask(
        "query", "segments", "-k", it.account, "--format", "json", "--limit", "1000")["rows"]}
    same(f"{it.account} segments rows", len(answer), len({row[0] for row in told}))
    for name, members, week, month, snapshot, _, _ in told:
        row = answer.get(name, {})
        for column, value, decimals in (("members", members, 0), ("week_change_pct", week, 1),
                                        ("month_change_pct", month, 1), ("snapshot", snapshot, 0)):
            same(f"{it.account} segments {name} {column}", row.get(column), value, decimals)


def form_sums(it, days):
    window = [row for row in it.forms if it.last_day - datetime.timedelta(days) < row["day"] <= it.last_day]
    views, submits = total(window, "viewed_form"), total(window, "submits")
    told = []
    for (id,), read in grouped(window, "id").items():
        of, own = total(read, "viewed_form"), total(read, "submits")
        is_enough = of >= 50
        told.append((is_enough, own / of if of else 0, of, id, (
            newest_name(read), of, own, pct(own, of),
            change(own / of, submits / views) if is_enough and submits else None),
            abs(own - of * submits / views) if views else 0))
    return told


def forms(it):
    told = sorted(form_sums(it, 30), key=lambda row: (-row[0], -row[1], -row[2], row[3]))
    compare(it, "forms", [row[4] for row in told], names=(
        ("form", None), ("views", 0), ("submits", 0), ("submit_rate_pct", 2), ("vs_average_pct", 0)))


def rank_test(here, elsewhere):
    """Two-sided p of Mann and Whitney, by the normal distribution with corrections for ties and continuity."""
    values = sorted(here + elsewhere)
    places = collections.defaultdict(list)
    for place, value in enumerate(values, 1):
        places[value].append(place)
    rank = {value: sum(of) / len(of) for value, of in places.items()}
    n, m = len(here), len(elsewhere)
    u = sum(rank[value] for value in here) - n * (n + 1) / 2
    ties = sum(len(of) ** 3 - len(of) for of in places.values())
    deviation = math.sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
    if not deviation:
        return 1
    z = (abs(u - n * m / 2) - 0.5) / deviation
    return math.erfc(z / math.sqrt(2))


def weekdays(it, kind):
    sends = []
    if kind == "campaign":
        for id, channel, read, on in whole_campaigns(it, it.last_day):
            if total(read, "delivered"):
                sends.append((channel, on, read))
    else:
        for (channel, on), read in grouped(it.flows, "channel", "day").items():
            if total(read, "delivered"):
                sends.append((channel, on, read))
    sends = [(channel, on, read) for channel, on, read in sends
             if it.last_day - datetime.timedelta(90) < on <= it.last_day - datetime.timedelta(7)]
    told = []
    for channel in {channel for channel, _, _ in sends}:
        of = [(on, read) for it_is, on, read in sends if it_is == channel]
        for weekday in range(7):
            here = [read for on, read in of if on.weekday() == weekday]
            elsewhere = [read for on, read in of if on.weekday() != weekday]
            if here:
                told.append([channel, weekday, here, elsewhere, len(of)])
    is_enough = lambda row: len(row[2]) >= 8 and len(row[3]) >= 8
    compared = sum(map(is_enough, told))
    expected = []
    for row in told:
        channel, weekday, here, elsewhere, of_channel = row
        flat = lambda sends: [row for read in sends for row in read]
        values = [[total(read, "micros") / total(read, "delivered") for read in side] for side in (here, elsewhere)]
        own, other = per_1000(flat(here)), per_1000(flat(elsewhere)) if elsewhere else None
        verdict = None
        if is_enough(row):
            verdict = "no"
            middle = [sorted(side)[len(side) // 2] for side in values]
            if rank_test(*values) < 0.05 / compared:
                if own > other and middle[0] > middle[1]:
                    verdict = "better"
                if own < other and middle[0] < middle[1]:
                    verdict = "worse"
        name = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()[weekday]
        expected.append((-of_channel, channel, not is_enough(row), -own, weekday, (
            channel, name, len(here), total(flat(here), "delivered"), own,
            change(own, other) if is_enough(row) else None, verdict, rate(flat(here), "clicks_unique"))))
    return [row[5] for row in sorted(expected)]


def best_day_to_send(it):
    for kind in ("campaign", "flow"):
        compare(it, "best_day_to_send", weekdays(it, kind), "--param", f"kind={kind}", names=(
            ("channel", None), ("day", None), ("sends", 0), ("delivered", 0), ("revenue_per_1000", 2),
            ("vs_other_days_pct", 0), ("stands_out", None), ("click_rate_pct", 2)))


def unusual_sends(it, as_of):
    """The campaigns and flows of 30 days that lie off: day, kind, name, channel, rate, usual rate."""
    told = []
    for kind, all_rows in (("campaign", it.campaigns), ("flow", it.flows)):
        usual = usual_rates(it, all_rows, as_of)
        series = collections.defaultdict(list)
        for (on, id, channel), read in grouped(all_rows, "day", "id", "channel").items():
            series["" if kind == "campaign" else id, channel].append((on, id, read))
        for (_, channel), sends in series.items():
            name = "opens_unique" if is_open_tracked(usual, channel) else "clicks_unique"
            for on, id, read in sends:
                if not it.last_day - datetime.timedelta(30) < on <= it.last_day or total(read, "delivered") < 100:
                    continue
                before = [of for day_of, _, of in sends if on - datetime.timedelta(28) <= day_of < on
                          and total(of, "delivered") >= 50]
                if len(before) < 7:
                    continue
                values = [total(of, name) / total(of, "delivered") for of in before]
                own, mean = total(read, name) / total(read, "delivered"), statistics.fmean(values)
                far = round(abs(own - mean), 9)
                if mean and far > round(3 * statistics.stdev(values), 9) and far >= round(0.2 * mean, 9):
                    flat = [row for of in before for row in of]
                    # The rows may begin after these 28 days.
                    is_whole = it.first_day <= on - datetime.timedelta(28)
                    told.append((-on.toordinal(), kind, id, channel, (
                        on.isoformat(), kind, newest_name(read), channel,
                        "open rate" if name == "opens_unique" else "click rate", 100 * own,
                        rate(flat, name) if is_whole else None)))
    return [row[4] for row in sorted(told)]


def anomalies(it, as_of):
    """Without the events, whose detector is a method of its own."""
    answer = ask("query", "anomalies", "-k", it.account, "--format", "json", "--limit", "1000")["rows"]
    answer = [row for row in answer if not row["severity"]]
    expected = unusual_sends(it, as_of)
    same(f"{it.account} anomalies rows", len(answer), len(expected))
    for row, values in zip(answer, expected):
        names = (("date", 0), ("kind", 0), ("name", 0), ("channel", 0), ("rate", 0), ("rate_pct", 2), ("usual_pct", 2))
        for (name, decimals), value in zip(names, values):
            same(f"{it.account} anomalies {values[:4]} {name}", row[name], value, decimals)


def data_freshness(it):
    first = min([row["day"] for row in it.all + it.forms + it.segments if row["day"] >= it.first_day])
    compare(it, "data_freshness", [(first.isoformat(), it.last_day.isoformat(),
                                    (it.last_day - datetime.timedelta(6)).isoformat(), None)], names=(
        ("first_day", None), ("complete_through", None), ("settled_through", None), ("sources_end", None)))


def in_brief(what, found, expected):
    """Whole from 10 on, else two decimals."""
    same(what, found, expected, 0 if expected is not None and abs(expected) >= 9.9999999 else 2)


def context(it, as_of):
    """Every figure of the sections and of the sentences but those of events and of the forecast."""
    told = ask("context", "-k", it.account, "--format", "json", "--max-tokens", "5000")
    sections = told["sections"]
    spans, shown = periods(it, 3)
    for section, kind in (("days", "day"), ("weeks", "week"), ("months", "month")):
        expected = [read for it_is, _, _, read in spans if it_is == kind]
        found = sections.get(section, {"rows": []})["rows"]
        same(f"{it.account} context {section} rows", len(found), len(expected))
        for row, read in zip(found, expected):
            in_brief(f"{it.account} context {section} {row[0]} revenue", row[1], total(read, "micros") / 1e6)
            if len(row) > 2:
                in_brief(f"{it.account} context {section} {row[0]} open", row[2], open_rate_of_channels(read, shown))
    values = measures(it)
    if "change" in sections:
        expected = [row[3] for row in values if row[0] != "conversions"]
        for name, found, value in zip(sections["change"]["columns"], sections["change"]["rows"][0], expected):
            in_brief(f"{it.account} context change {name}", found, value)
    by_channel = {row[0]: row for row in channels_compared(it, 30)}
    usual = collections.defaultdict(dict)
    for kind, channel, _, opens, clicks, _ in benchmarks(it, as_of):
        usual[channel][kind] = (opens, clicks)
    for section in ("channels", "usual"):
        names = sections[section]["columns"]
        for row in sections[section]["rows"]:
            channel = row[0]
            if section == "channels":
                _, revenue, share, _, opens, clicks, _ = by_channel[channel]
                expected = {"revenue": revenue, "share%": share, "open": opens, "click": clicks}
            else:
                of = [usual[channel].get(kind, (None, None)) for kind in ("campaigns", "flows")]
                expected = dict(zip(names[1:], of[0] + of[1]))
            for name, found in zip(names[1:], row[1:]):
                in_brief(f"{it.account} context {section} {channel} {name}", found, expected[name])
    if "weekdays" in sections:
        compared = [row for row in weekdays(it, "campaign") if row[5] is not None]
        compared = [row for row in compared if row[0] == compared[0][0]]
        same(f"{it.account} context weekdays", len(sections["weekdays"]["columns"]), len(compared))
        for name, found, row in zip(sections["weekdays"]["columns"], sections["weekdays"]["rows"][0], compared):
            same(f"{it.account} context weekdays day", name, row[1][:3])
            same(f"{it.account} context weekdays {name}", found, row[5], 0)
        stand_out = any(row[6] != "no" for row in compared)
        same(f"{it.account} context weekdays verdict", "no day stands out" in sections["weekdays"]["note"],
             not stand_out)
    moved = [row for row in movers(it)][:2]
    expected = sorted((row for row in moved if not row[0]), key=lambda row: row[7] - row[6])
    told_movers = sections.get("movers", {"rows": [], "columns": []})
    for row, (_, _, kind, _, channel, name, now, before, orders) in zip(told_movers["rows"], expected):
        row = dict(zip(told_movers["columns"], row))
        same(f"{it.account} context movers {name} kind", row["kind"], kind)
        in_brief(f"{it.account} context movers {name}", row["change"], now - before)
        for title, value in zip(("orders", "orders before"), orders):
            same(f"{it.account} context movers {name} {title}", row[title], value, 0)
    most = sorted((row for row in segment_changes(it) if row[5] is not None), key=lambda row: -abs(row[5]))
    by_name = {row[0][:32]: row for row in most}
    for row in sections.get("segments", {"rows": []})["rows"]:
        in_brief(f"{it.account} context segments {row[0]}", row[1], by_name[row[0].rstrip("…")][2])
        same(f"{it.account} context segments {row[0]} is one of the two", abs(by_name[row[0].rstrip("…")][5]) >=
             abs(most[1][5]) if len(most) > 1 else True, True)
    by_name = {row[4][0][:32]: row[4] for row in form_sums(it, 30)}
    for row in sections.get("forms", {"rows": []})["rows"]:
        in_brief(f"{it.account} context forms {row[0]}", row[1], by_name[row[0].rstrip("…")][3])
        same(f"{it.account} context forms {row[0]} views", row[2], by_name[row[0].rstrip("…")][1], 0)
    sentences(it, told, {row[0]: row for row in values}, most)


def sentences(it, told, values, most):
    """Figures of the sentences, and the sentences that have to be there."""
    said = [(insight["text"], insight.get("figures") or {}) for insight in told["insights"]]
    starts = lambda start: [(text, figures) for text, figures in said if text.startswith(start)]
    weeks, sent, orders = values["revenue"], values["messages sent"], values["conversions"]
    is_told = (weeks[3] is not None and abs(weeks[3]) >= 10 and min(sent[1], sent[2]) >= 1000
               and min(orders[1], orders[2]) >= 50)
    same(f"{it.account} context week is told", bool(starts("Revenue of the last 7 days")), is_told)
    for text, figures in starts("Revenue of the last 7 days"):
        for name, value in (("last_7_days", weeks[1]), ("previous_7_days", weeks[2]), ("change_pct", weeks[3]),
                            ("messages_change_pct", sent[3]),
                            ("revenue_per_1000_change_pct", values["revenue per 1000"][3])):
            same(f"{it.account} context week {name}", figures[name], value)
        in_words = [abs(float(number)) for number in re.findall(r"([-+]?\d+) %", text)]
        for number, value in zip(in_words, (weeks[3], sent[3], values["revenue per 1000"][3])):
            same(f"{it.account} context week in words", number, abs(value), 0)
        for number, value in zip(re.search(r"\(\D*([\d.,]+) after \D*([\d.,]+)\)", text).groups(), weeks[1:3]):
            in_brief(f"{it.account} context week's money in words", float(number.replace(",", "")), value)
    for text, figures in starts("The biggest mover"):
        _, _, kind, _, channel, name, now, before, moved = movers(it)[0]
        same(f"{it.account} context mover names", channel in text and (name[:32] in text or kind == "campaigns"), True)
        same(f"{it.account} context mover's orders", max(moved) >= 50 and abs(now - before) >= weeks[2] / 10, True)
        for name, value in (("last_7_days", now), ("previous_7_days", before), ("change", now - before)):
            same(f"{it.account} context mover {name}", figures[name], value)
    for text, figures in starts("Segment "):
        name = re.match(r'Segment "(.*?)…?" ', text).group(1)
        row = next(row for row in most if row[0].replace('"', "'").startswith(name) and abs(row[2]) >= 5)
        same(f"{it.account} context segment", figures["week_change_pct"], row[2])
        same(f"{it.account} context segment's members", figures["members"], row[1], 0)
    for text, figures in starts("The open rate of"):
        channel, kind = re.match(r"The open rate of (\S+) (\S+) ", text).groups()
        of = [row for row in (it.campaigns if kind == "campaigns" else it.flows) if row["channel"] == channel]
        for name, back in (("open_rate_pct", 0), ("open_rate_before_pct", 7)):
            same(f"{it.account} context open rate {name}", figures[name], rate(it.within(of, 7, back), "opens_unique"))
    for text, figures in said:
        if "campaigns sent on" in text:
            channel, weekday = re.match(r"(\S+) campaigns sent on (\S+) ", text).groups()
            row = next(row for row in weekdays(it, "campaign") if row[:2] == (channel, weekday))
            same(f"{it.account} context weekday stands out", row[6], "better" if "more per 1000" in text else "worse")
            for name, value in (("vs_other_days_pct", row[5]), ("revenue_per_1000", row[4]), ("sends", row[2])):
                same(f"{it.account} context weekday {name}", figures[name], value)


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
        for question in (campaign, flows_by_revenue, top_campaigns, low_open_rates, campaigns_this_week, anomalies,
                         context):
            question(it, today)
        for question in (week_against_week, weekly_revenue, monthly_history, timeline, stores_compared, what_changed,
                         segments, forms, best_day_to_send, data_freshness):
            question(it)
    print(f"{len(first_days)} accounts, {compared} cells compared, {len(wrong)} differ")
    print("\n".join(wrong[:40]))
    sys.exit(1 if wrong else 0)


main()
