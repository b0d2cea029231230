"""python -m tidegate_trees: polls the trees' task queue until it receives a signal or its parent process ends."""

import asyncio
import contextlib
import logging
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.worker import Worker

from .fit import TreeFits
from .health import EVERY_SECONDS, alive_file
from .ownership import OwnFits


def _stop_with_parent(stop: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    """Stops when standard input is closed, which happens when the parent process ends, even if it crashes."""

    def wait() -> None:
        # Reads the descriptor and not sys.stdin, because the interpreter needs the lock of sys.stdin when it exits.
        while os.read(0, 4_096):
            pass
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, daemon=True).start()


async def main() -> None:
    logging.basicConfig(level=os.environ.get("TIDEGATE_LOG_LEVEL", "info").upper().replace("TRACE", "DEBUG"))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    if os.environ.get("TIDEGATE_TREES_PARENT") == "pipe":
        _stop_with_parent(stop, loop)
    config = {"target_host": "localhost:7233", **ClientConfig.load_client_connect_config()}
    client = await Client.connect(**config)
    database_url = os.environ["DATABASE_URL"]
    checkpoint_seconds = float(os.environ.get("TIDEGATE_TREES_CHECKPOINT_SECONDS", "2"))
    # One fit runs at a time, but fits that wait for their turn are accepted too and occupy a thread each: see TreeFits.
    with ThreadPoolExecutor(64) as threads:
        worker = Worker(
            client,
            task_queue=f"{os.environ.get('TIDEGATE_TASK_QUEUE', 'tidegate')}-trees",
            activities=[TreeFits(database_url, checkpoint_seconds).fit_trees],
            interceptors=[OwnFits(client, database_url)],
            activity_executor=threads,
            max_concurrent_activities=64,
            # A worker learns of a cancellation by a heartbeat, so throttled heartbeats would delay it.
            max_heartbeat_throttle_interval=timedelta(milliseconds=500),
            graceful_shutdown_timeout=timedelta(0),
        )
        async with worker:
            print("ready", flush=True)
            while not stop.is_set():
                alive_file().touch()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), EVERY_SECONDS)


asyncio.run(main())
# Temporal's threads may still run while the interpreter shuts down, which can abort the process. Nothing is left to do,
# so exit without the shutdown.
os._exit(0)
