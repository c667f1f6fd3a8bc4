"""A helper view's rows in a prompt, with clickhouse-connect. AIVIEWS_TEST_ACCOUNT names the account; exits 0 if it works."""

import os

import clickhouse_connect

client = clickhouse_connect.get_client(
    host="127.0.0.1",
    port=int(os.environ["AIVIEWS_TEST_PORT"]),
    password=os.environ["AIVIEWS_TEST_TOKEN"],
    database=os.environ["AIVIEWS_TEST_DATABASE"],
)
rows = client.raw_query(
    "SELECT send_channel, revenue_last_30d, click_rate_last_30d_pct "
    "FROM ai_channel_comparison WHERE klaviyo_public_id = {account:String}",
    parameters={"account": os.environ["AIVIEWS_TEST_ACCOUNT"]},
    fmt="CSVWithNames",
)
prompt = f"How do my channels compare\n\n{rows.decode()}"
assert '"email",' in prompt and "revenue_last_30d" in prompt, prompt
print("done")
