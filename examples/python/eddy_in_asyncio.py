#!/usr/bin/env python3
"""An eddy loop inside asyncio's: one thread, two loops, and neither waits for the other.

    cmake --build build/release && python3 examples/python/eddy_in_asyncio.py

The server is C (echo_server.c), its clients are Python; each side also counts ticks of a clock of its own. Standard library
only: ctypes.
"""
import asyncio
import ctypes
import os
import pathlib
import sys


def load(path):
    lib = ctypes.CDLL(str(path))
    server, u64 = ctypes.c_void_p, ctypes.c_uint64
    for name, result, arguments in (
        ("server_new", server, [ctypes.c_uint16, ctypes.POINTER(ctypes.c_int)]),
        ("server_free", ctypes.c_int, [server]),
        ("server_port", ctypes.c_int, [server]),
        ("server_fd", ctypes.c_int, [server]),
        ("server_timeout", ctypes.c_int64, [server]),
        ("server_step", ctypes.c_int, [server]),
        ("server_ticks", u64, [server]),
        ("server_echoed", u64, [server]),
    ):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


def checked(result):
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return result


class EddyInAsyncio:
    """Turns an eddy loop whenever its descriptor is readable or its next deadline has come."""

    def __init__(self, lib, server):
        self.lib, self.server = lib, server
        self.asyncio = asyncio.get_running_loop()
        self.fd = checked(lib.server_fd(server))
        self.next = None
        self.turns = self.events = 0
        self.asyncio.add_reader(self.fd, self.readable)
        self.arm()

    def readable(self):
        self.events += 1
        self.turn()

    def turn(self):
        self.turns += 1
        checked(self.lib.server_step(self.server))
        self.arm()

    def arm(self):
        """To be called, too, after anything else that may have changed what the eddy loop waits for."""
        if self.next is not None:
            self.next.cancel()
            self.next = None
        span = self.lib.server_timeout(self.server)
        if span == 0:  # more is ready: but others have a turn first
            self.next = self.asyncio.call_soon(self.turn)
        elif span > 0:
            self.next = self.asyncio.call_later(span / 1e9, self.turn)

    def close(self):
        self.asyncio.remove_reader(self.fd)
        if self.next is not None:
            self.next.cancel()


async def client(port, number, rounds):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for i in range(rounds):
        line = f"client {number}, line {i}\n".encode()
        writer.write(line)
        assert await reader.readline() == line
    writer.close()
    await writer.wait_closed()


async def tick(count):
    while True:
        await asyncio.sleep(0.005)
        count[0] += 1


async def main(path):
    lib = load(path)
    error = ctypes.c_int()
    server = lib.server_new(0, ctypes.byref(error))
    if not server:
        checked(error.value)
    eddy = EddyInAsyncio(lib, server)
    python_ticks = [0]
    ticker = asyncio.ensure_future(tick(python_ticks))

    await asyncio.gather(*(client(lib.server_port(server), number, 50) for number in range(20)))
    print("echoed:", lib.server_echoed(server), "bytes")
    print("its descriptor wakes it:", eddy.events > 0)

    before, turns = (lib.server_ticks(server), python_ticks[0]), eddy.turns
    eddy_ticks = asyncio_ticks = 0
    while min(eddy_ticks, asyncio_ticks) < 20:  # for ever, if one of them stands still
        await asyncio.sleep(0.01)
        eddy_ticks, asyncio_ticks = lib.server_ticks(server) - before[0], python_ticks[0] - before[1]
    print("both clocks tick")
    print("one turn a tick, no spinning:", eddy.turns - turns <= 2 * eddy_ticks + 2)

    ticker.cancel()
    eddy.close()
    checked(lib.server_free(server))
    print("closed")


if __name__ == "__main__":
    here = pathlib.Path(__file__).resolve().parent
    built = here.parent.parent / "build/release/examples/python/libeddy_echo_server.so"
    library = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else built)
    if not library.exists():
        sys.exit(f"{library} is not there: build it first, as is said above")
    asyncio.run(main(library))
