"""The public functions through the Model Context Protocol, as another program's model would use them. Needs the extra `mcp`."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from running import Running

client = pytest.importorskip("mcp.client.streamable_http", reason="the extra `mcp` is not installed; it wants an environment of its own")
mcp = pytest.importorskip("mcp")


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A studio that offers them."""
    running = Running(tmp_path_factory.mktemp("mcp") / "home", mcp=True)
    yield running
    running.close()


def asked(studio, talk):
    """Open a session and talk."""

    async def session():
        async with client.streamablehttp_client(f"{studio.address}gradio_api/mcp/") as (reading, writing, _), mcp.ClientSession(reading, writing) as one:
            await one.initialize()
            return await talk(one)

    return asyncio.run(session())


async def said(session, tool: str, **arguments):
    """What a tool answers, as the sentence or the JSON that it is."""
    answer = await session.call_tool(tool, arguments)
    text = answer.content[0].text
    if answer.isError:
        return text
    try:
        return json.loads(text)
    except ValueError:
        import ast

        return ast.literal_eval(text)


def test_every_public_function_is_a_tool_that_says_what_it_does(studio):
    tools = {tool.name: tool for tool in asked(studio, lambda session: session.list_tools()).tools}
    assert {"tasks", "submit", "status", "cancel", "takes", "take", "recipe", "export", "projects", "open_project"} <= set(tools)
    assert "Put a take in line" in tools["submit"].description
    assert {"prompt", "seconds", "seed", "task", "wishes"} <= set(tools["submit"].inputSchema["properties"])


def test_a_take_is_made_from_a_sentence(studio):
    async def talk(session):
        job = await said(session, "submit", prompt="red left", seconds=0.5, steps=2)
        end = time.monotonic() + 120
        while (now := await said(session, "status", job=job["id"]))["state"] in ("waiting", "running") and time.monotonic() < end:
            await asyncio.sleep(0.2)
        return now, await said(session, "take", id=job["id"]), await said(session, "status", job="nobody")

    job, take, error = asked(studio, talk)
    assert job["state"] == "done" and take["prompt"] == "red left" and take["pictures"] == 9
    assert "nobody" in str(error) or "no such job" in str(error).lower()
