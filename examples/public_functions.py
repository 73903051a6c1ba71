"""Make a film, carry it on and fetch it, from another program: `cineloom studio` is open, and this is all that is needed.

    python examples/public_functions.py http://127.0.0.1:7860             through gradio_client, which comes with gradio
    python examples/public_functions.py http://127.0.0.1:7860 --plain     through plain HTTP, with Python's own library

Every function is documented on the studio's API page, at /?view=api.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path


def main(address: str, plain: bool) -> None:
    """Two takes, the second made of the first, and the film of that."""
    call = by_http(address) if plain else by_client(address)
    first = finished(call, call("submit", prompt="a red boat sails to the left on the sea at dusk", seconds=1, seed="7"))
    print(f"{first['id']}: {first['prompt']}, {first['seconds']:.2f} s")

    second = finished(call, call("submit", task="extend", film=first["id"], seconds=1, wishes={"before": 0.5}))
    print(f"{second['id']}: carried on, {second['seconds']:.2f} s")

    film = call("export", take=second["id"])
    with urllib.request.urlopen(urllib.parse.urljoin(address, film["address"])) as answer:
        Path(film["name"]).write_bytes(answer.read())
    print(f"{film['name']}: {film['bytes']:,} bytes")

    print("newest first:", *(take["id"] for take in call("takes", limit=2)))
    print("again with:", call("recipe", take=first["id"]))


def finished(call: Callable, job: dict) -> dict:
    """Wait until a job is done; its take, which has the job's id."""
    while (now := call("status", job=job["id"]))["state"] in ("waiting", "running"):
        time.sleep(0.5)
    if now["state"] != "done":
        raise SystemExit(f"The job was {now['state']}: {now['error']}")
    return call("take", id=job["id"])


def by_client(address: str) -> Callable:
    """A function by its name and arguments, through gradio_client."""
    from gradio_client import Client

    client = Client(address, verbose=False)
    return lambda name, /, **asked: client.predict(api_name=f"/{name}", **asked)


def by_http(address: str) -> Callable:
    """The same in two requests: one asks, one waits for the answer."""

    def call(name: str, /, **asked):
        where = urllib.parse.urljoin(address, f"/gradio_api/call/v2/{name}")
        request = urllib.request.Request(where, json.dumps(asked).encode(), {"content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            event = json.load(answer)["event_id"]
        with urllib.request.urlopen(urllib.parse.urljoin(address, f"/gradio_api/call/{name}/{event}")) as answer:
            kind, data = (line.decode().partition(":")[2].strip() for line in answer.readlines()[:2])
        if kind != "complete":
            raise SystemExit(f"{name}: {data}")
        return json.loads(data)[0]

    return call


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1], "--plain" in sys.argv[2:])
