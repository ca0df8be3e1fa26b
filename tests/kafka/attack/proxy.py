"""A TCP proxy that understands Kafka's frames just enough to know which request an answer belongs to."""

import asyncio
import random
import struct
import threading

PRODUCE, METADATA, INIT_PRODUCER_ID, ADD_PARTITIONS, END_TXN = 0, 3, 22, 24, 26
REQUEST, ANSWER = "request", "answer"


class Rule:
    """What happens to the next frames of a kind: `cut` closes the connection in its place, `delay` is seconds, and a
    frame that is held travels when release() is called, even where its sender has given up long ago."""

    def __init__(self, api, direction, times=1, cut=False, delay=0.0, hold=False):
        self.api, self.direction, self.times = api, direction, times
        self.cut, self.delay, self.hold = cut, delay, hold
        self.met = 0
        self.freed = asyncio.Event() if hold else None


class Proxy:
    """Listens on `port`, a thread of its own; `target` is where it leads, "host:port"."""

    def __init__(self):
        self.target = None
        self.port = None
        self.rules = []
        self.wild = 0.0  # the probability that something happens to a frame
        self.cuts = 0
        self._loop = asyncio.new_event_loop()
        up = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(up,))
        self._thread.start()
        up.wait(30)

    def _run(self, up):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        up.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def add(self, *arguments, **options):
        async def make():
            rule = Rule(*arguments, **options)
            self.rules.append(rule)
            return rule
        return asyncio.run_coroutine_threadsafe(make(), self._loop).result(30)

    def release(self, rule):
        self._loop.call_soon_threadsafe(rule.freed.set)

    async def _accept(self, client_reader, client_writer):
        try:
            host, port = self.target.split(":")
            broker_reader, broker_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            client_writer.close()
            return
        asked = {}  # correlation id: what was asked
        both = {client_writer, broker_writer}
        await asyncio.gather(self._pump(client_reader, broker_writer, REQUEST, asked, both),
                             self._pump(broker_reader, client_writer, ANSWER, asked, both))
        for writer in both:
            writer.close()

    async def _pump(self, reader, writer, direction, asked, both):
        try:
            while True:
                size = await reader.readexactly(4)
                frame = await reader.readexactly(struct.unpack(">i", size)[0])
                if direction == REQUEST:
                    api, _, correlation = struct.unpack(">hhi", frame[:8])
                    asked[correlation] = api
                else:
                    api = asked.pop(struct.unpack(">i", frame[:4])[0], -1)
                if not await self._meet(api, direction, writer, both):
                    return
                writer.write(size + frame)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            self._no_more(writer)

    async def _meet(self, api, direction, writer, both):
        """False where the frame goes nowhere."""
        for rule in self.rules:
            if rule.api != api or rule.direction != direction or rule.met >= rule.times:
                continue
            rule.met += 1
            if rule.cut:
                return self._cut(both)
            if rule.hold:
                await rule.freed.wait()
            await asyncio.sleep(rule.delay)
            return True
        if random.random() >= self.wild:
            return True
        what = random.choice(("cut", "half", "slow", "slow"))
        if what == "cut":
            return self._cut(both)
        if what == "half":  # no more in this direction, while the other goes on
            self.cuts += 1
            self._no_more(writer)
            return False
        await asyncio.sleep(random.random() * 2)
        return True

    @staticmethod
    def _no_more(writer):
        try:
            if not writer.is_closing():
                writer.write_eof()
        except OSError:
            pass  # the other side was quicker

    def _cut(self, both):
        self.cuts += 1
        for writer in both:
            writer.transport.abort()
        return False
