"""What the official Python client does with the chatbot's door, over stdio and over HTTP. Exits 0 if all of it works."""

import asyncio
import os
import sys

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client


def text(result):
    return result.content[0].text


async def talk(server):
    async with Client(server) as client:
        tools = await client.list_tools()
        assert len(tools.tools) == 10, tools
        account = os.environ["AIVIEWS_TEST_ACCOUNT"]
        listed = await client.call_tool("accounts", {})
        assert not listed.is_error and account in text(listed), listed
        answer = await client.call_tool("ask", {"question": "channels_compared"})
        assert not answer.is_error and text(answer).splitlines()[2].startswith("channel,revenue,"), answer
        refused = await client.call_tool("sql", {"statement": "SELECT 1 SETTINGS readonly = 0"})
        assert refused.is_error and "SETTINGS" in text(refused), refused
        resources = await client.list_resources()
        read = await client.read_resource(resources.resources[0].uri)
        assert read.contents[0].text, read
        prompt = await client.get_prompt("weekly_review", {"account": account})
        assert account in prompt.messages[0].content.text, prompt


async def main():
    command, *arguments = os.environ["AIVIEWS_TEST_COMMAND"].split("\n")
    await talk(StdioServerParameters(command=command, args=arguments, env=dict(os.environ)))
    headers = {"Authorization": "Bearer " + os.environ["AIVIEWS_TEST_TOKEN"]}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        await talk(streamable_http_client(os.environ["AIVIEWS_TEST_URL"], http_client=http))
    print("done")


asyncio.run(main())
