"""Prompts on a real ComfyUI server, with the time of all that it tells over its websocket."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import torch
from comfy_server import ComfyServer
from demo_models import TINY_ADAPTER, use_tiny_models
from PIL import Image
from setup_env import prepare_base
from templates import FIRST
from tiny_models.adapter import tiny_adapter
from workflow_to_prompt import to_prompt

from .setup import ROOT, TESTS, Bench

ADAPTERS = (TINY_ADAPTER, "another_tiny_ms_adapter.bin")  # the same twice, to be read anew
WIDTH, HEIGHT, STEPS = 256, 192, 3
LAST = ("execution_success", "execution_error", "execution_interrupted")


@dataclass(frozen=True)
class Run:
    """What happened after a prompt was queued; times in seconds from then on.

    Attributes:
        began: when each node that ran began, by its class.
        seconds: how long each of them took.
        first_step: when the sampler had done its first step; None if it did not run.
        ended: when the prompt was done.
    """

    began: dict[str, float]
    seconds: dict[str, float]
    first_step: float | None
    ended: float


@contextlib.contextmanager
def tiny_server(bench: Bench, base: Path) -> Iterator[ComfyServer]:
    """A server with the pack and the tiny models."""
    prepare_base(bench.comfyui, [ROOT, TESTS / "tiny_models"], base=base)
    folder = base / "models" / "msdiffusion"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ADAPTERS:
        torch.save(tiny_adapter(), folder / name)
    on_cpu = bench.device.type == "cpu"
    arguments = ("--use-pytorch-cross-attention",)  # as in this process
    python = Path(sys.executable)
    try:
        with ComfyServer(python, bench.comfyui, base, extra_args=arguments, cpu=on_cpu) as server:
            yield server
    finally:
        shutil.rmtree(base, ignore_errors=True)


def tiny_prompt(server: ComfyServer) -> dict[str, Any]:
    """The example with two subjects in API form, small, and random pictures for it."""
    workflow = use_tiny_models(json.loads(FIRST.read_text(encoding="utf-8")))
    prompt = to_prompt(workflow, server.get("/object_info"))
    for entry in prompt.values():
        if entry["class_type"] == "LoadImage":
            noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
            Image.fromarray(noise).save(server.base / "input" / entry["inputs"]["image"])
    inputs_of(prompt, "LayoutBoxes").update(width=WIDTH, height=HEIGHT)
    inputs_of(prompt, "KSampler")["steps"] = STEPS
    return prompt


def inputs_of(prompt: dict[str, Any], kind: str) -> dict[str, Any]:
    """The inputs of the prompt's node of this class."""
    return next(entry["inputs"] for entry in prompt.values() if entry["class_type"] == kind)


def run_prompt(server: ComfyServer, prompt: dict[str, Any]) -> Run:
    """Queue a prompt and follow it to its end.

    Raises:
        RuntimeError: a node failed.
    """
    return asyncio.run(_follow(server, prompt))


async def _follow(server: ComfyServer, prompt: dict[str, Any]) -> Run:
    client = uuid.uuid4().hex
    told: list[tuple[float, str, dict[str, Any]]] = []
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{server.address}/ws?clientId={client}") as socket:
            await socket.receive()  # its greeting: from now on it tells us everything
            listening = asyncio.create_task(_listen(socket, told))
            begin = time.perf_counter()
            await asyncio.to_thread(server.queue, prompt, client)
            await asyncio.wait_for(listening, timeout=600)
    return _as_run([(at - begin, kind, data) for at, kind, data in told], prompt)


async def _listen(
    socket: aiohttp.ClientWebSocketResponse, told: list[tuple[float, str, dict[str, Any]]]
) -> None:
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            content = json.loads(message.data)
            told.append((time.perf_counter(), content["type"], content["data"]))
            if content["type"] in LAST:
                return
    raise RuntimeError("the server closed the connection before the prompt was done")


def _as_run(told: list[tuple[float, str, dict[str, Any]]], prompt: dict[str, Any]) -> Run:
    ended, last, data = told[-1]
    if last != "execution_success":
        raise RuntimeError(f"the prompt ended with {last}: {data.get('exception_message', data)}")
    starts = [
        (at, prompt[data["node"]]["class_type"])
        for at, kind, data in told
        if kind == "executing" and data.get("node")
    ]
    seconds: dict[str, float] = {}
    for (at, node), (end, _) in itertools.pairwise([*starts, (ended, "")]):
        seconds[node] = seconds.get(node, 0.0) + end - at
    steps = [
        at
        for at, kind, data in told
        if kind == "progress"
        and data["value"] >= 1
        and prompt[data["node"]]["class_type"] == "KSampler"
    ]
    began = {node: at for at, node in reversed(starts)}
    return Run(began, seconds, steps[0] if steps else None, ended)
