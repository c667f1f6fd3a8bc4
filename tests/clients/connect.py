"""What clickhouse-connect users do, against AIVIEWS_TEST_PORT with AIVIEWS_TEST_TOKEN. Exits 0 if all of it works."""

import datetime
import os

import clickhouse_connect
import pandas
from clickhouse_connect.driver.exceptions import DatabaseError

ODD = ["", "'", "\\", "\\N", "\t\n\r", "{x:String}", '`"?;--', "żółć 😀"]


def connect(**options):
    return clickhouse_connect.get_client(
        host="127.0.0.1",
        port=int(os.environ["AIVIEWS_TEST_PORT"]),
        password=os.environ["AIVIEWS_TEST_TOKEN"],
        **options,
    )


def rows_and_parameters(client):
    client.command("CREATE DATABASE python")
    client.command("CREATE TABLE python.entry (id UInt32, name String, day Date, sums Array(Float64), "
                   "note Nullable(String)) ENGINE = MergeTree ORDER BY id")
    day = datetime.date(2024, 2, 29)
    rows = [[id, name, day, [0.5, id], None if id % 2 else name] for id, name in enumerate(ODD)]
    client.insert("python.entry", rows, column_names=["id", "name", "day", "sums", "note"])
    assert client.query("SELECT * FROM python.entry ORDER BY id").result_rows == [tuple(row) for row in rows]
    for name in ODD:
        found = client.query("SELECT {name:String}, {days:Array(Date)}", parameters={"name": name, "days": [day]})
        assert found.result_rows == [(name, [day])], found.result_rows
    assert client.query("SELECT 1 AS a WHERE 0").result_rows == []
    assert client.query("SELECT getSetting('max_block_size')", settings={"max_block_size": 99}).first_row == (99,)


def frames(client):
    client.command("CREATE TABLE python.frame (id UInt64, name String) ENGINE = MergeTree ORDER BY id")
    frame = pandas.DataFrame({"id": range(100_000), "name": [f"name {id}" for id in range(100_000)]})
    client.insert_df("python.frame", frame)
    back = client.query_df("SELECT * FROM python.frame ORDER BY id")
    assert list(back["name"]) == list(frame["name"])


def compressed_inserts():
    for method in ["lz4", "zstd", "gzip", False]:
        client = connect(compress=method)
        table = f"python.compressed_{method}".lower()
        client.command(f"CREATE TABLE {table} (id UInt64) ENGINE = MergeTree ORDER BY id")
        client.insert(table, [[id] for id in range(300_000)], column_names=["id"])
        assert client.query(f"SELECT sum(id), count() FROM {table}").first_row == (44_999_850_000, 300_000), method


def streams(client):
    total = 0
    with client.query_row_block_stream("SELECT number FROM numbers(1000000)") as stream:
        for block in stream:
            total += sum(row[0] for row in block)
    assert total == 499_999_500_000
    csv = client.raw_query("SELECT number AS n FROM numbers(3)", fmt="CSVWithNames")
    assert csv == b'"n"\n0\n1\n2\n', csv
    client.raw_insert("python.frame", column_names=["id", "name"], insert_block=b'7,"seven"\n', fmt="CSV")


def errors(client):
    for sql, code in [("SELECT * FROM nowhere", 60), ("SELEC 1", 62), ("SELECT throwIf(number = 500000) FROM numbers(1000000)", 395)]:
        try:
            client.query(sql)
        except DatabaseError as error:
            assert str(code) in str(error), error
        else:
            raise AssertionError(f"{sql} did not fail")
    try:
        clickhouse_connect.get_client(host="127.0.0.1", port=int(os.environ["AIVIEWS_TEST_PORT"]), password="wrong")
    except DatabaseError as error:
        assert "516" in str(error), error
    else:
        raise AssertionError("a wrong password was accepted")


def sessions():
    client = connect(session_id="python")
    client.command("CREATE TEMPORARY TABLE kept (a UInt8)")
    client.command("INSERT INTO kept VALUES (1), (2)")
    assert client.query("SELECT sum(a) FROM kept").first_row == (3,)


main = connect()
rows_and_parameters(main)
frames(main)
compressed_inserts()
streams(main)
errors(main)
sessions()
print("done")
