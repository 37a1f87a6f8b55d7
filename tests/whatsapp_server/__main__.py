"""``python -m tests.whatsapp_server``: run the fake server until interrupted."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal

from .api import start


async def _serve(folder: str | None, port: int) -> None:
    rig, card = await start(folder, port)
    print(f"WhatsApp rig is up; other programs reach it through {card}", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await rig.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.whatsapp_server", description=__doc__)
    parser.add_argument(
        "--folder", help="where to put rig.json and the run's certificates (default: a new one)"
    )
    parser.add_argument("--port", type=int, default=0, help="control port (default: any free one)")
    parser.add_argument("--wire", action="store_true", help="log every stanza")
    parser.add_argument("--quiet", action="store_true", help="log no events")
    options = parser.parse_args()
    logging.basicConfig(format="%(asctime)s.%(msecs)03d %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("whatsapp_rig").setLevel(logging.WARNING if options.quiet else logging.INFO)
    if options.wire:
        logging.getLogger("whatsapp_rig.wire").setLevel(logging.DEBUG)
    asyncio.run(_serve(options.folder, options.port))


if __name__ == "__main__":
    main()
