"""Routes for words: who can make a prompt longer or shots of a script, and one on its way."""

from __future__ import annotations

from fastapi import APIRouter, Body

from app.desk import Desk
from engine.words.scripting import SCRIPT


def routes(desk: Desk) -> APIRouter:
    """What the button beside a prompt asks, and the one beside shots."""
    router = APIRouter()

    @router.get("/studio/expand")
    def providers() -> dict:
        return {"providers": desk.wording.providers()}

    @router.post("/studio/expand")
    def expand(
        prompt: str = Body(max_length=20_000),
        seed: int = Body(0, ge=0, lt=2**31),
        model: str = Body("", max_length=80),
        provider: str = Body("", max_length=40),
    ) -> dict:
        return {"asking": desk.wording.begin(prompt, seed=seed, model=model, provider=provider).to_json()}

    @router.post("/studio/script")
    def script(
        text: str = Body(max_length=2 * SCRIPT),        # so that who wrote a little too much gets a sentence
        seed: int = Body(0, ge=0, lt=2**31),
        provider: str = Body("", max_length=40),
    ) -> dict:
        return {"asking": desk.wording.begin_script(text, seed=seed, provider=provider).to_json()}

    @router.get("/studio/expand/{token}")
    def asking(token: str) -> dict:
        return {"asking": desk.wording.asking(token).to_json()}

    @router.post("/studio/expand/{token}/stop")
    def stop(token: str) -> dict:
        desk.wording.stop(token)
        return {}

    return router
