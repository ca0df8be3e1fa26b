"""A few of Kafka's requests by hand, for what no client would do."""

import socket
import struct
import time


def _crc32c_table():
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        yield number


TABLE = tuple(_crc32c_table())


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def text(value):
    encoded = value.encode()
    return struct.pack(">h", len(encoded)) + encoded


def ask(bootstrap, api, version, body, header=b""):
    """The answer's bytes behind the correlation id. `header` is what flexible versions add to the request's."""
    host, port = bootstrap.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        request = struct.pack(">hhih", api, version, 1, -1) + header + body
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as answer:
            return answer.read(struct.unpack(">i", answer.read(4))[0])[4:]


def transactional_ids(bootstrap):
    """ListTransactions, as bytes that contain every id."""
    return ask(bootstrap, 66, 0, b"\x01\x01\x00", header=b"\x00")


def init_producer_id(bootstrap, transactional_id):
    """Producer id and epoch; the transaction's coordinator is the one broker there is."""
    while True:
        answer = ask(bootstrap, 22, 0, text(transactional_id) + struct.pack(">i", 60_000))
        _, error, producer, epoch = struct.unpack(">ihqh", answer[:16])
        if error == 0:
            return producer, epoch
        if error not in (14, 15, 16, 51):  # loading, elsewhere, or the last transaction is not over
            raise AssertionError(f"InitProducerId: error {error}")
        time.sleep(0.05)


def compact(value):
    encoded = value.encode()
    return bytes([len(encoded) + 1]) + encoded


def commit_in(bootstrap, producer, epoch, topic, partitions):
    """WriteTxnMarkers: what a coordinator does in every partition of a transaction, here in some only."""
    body = (b"\x02" + struct.pack(">qh?", producer, epoch, True) + b"\x02" + compact(topic) +
            bytes([len(partitions) + 1]) + b"".join(struct.pack(">i", one) for one in partitions) + b"\x00" +
            struct.pack(">i", 0) + b"\x00\x00")
    answer = ask(bootstrap, 27, 1, body, header=b"\x00")
    error, = struct.unpack(">h", answer[-6:-4])  # of the last partition
    if error:
        raise AssertionError(f"WriteTxnMarkers: error {error}")


def producer_of(bootstrap, transactional_id):
    """Producer id and epoch of the transaction that is there now (DescribeTransactions)."""
    encoded = transactional_id.encode()
    answer = ask(bootstrap, 65, 0, b"\x02" + compact(transactional_id) + b"\x00", header=b"\x00")
    at = answer.index(encoded) + len(encoded)
    size = answer[at] - 1  # of the state's name
    _, _, producer, epoch = struct.unpack(">iqqh", answer[at + 1 + size:][:22])
    return producer, epoch


def varint(number):
    number <<= 1
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def produce_in_no_transaction(bootstrap, transactional_id, producer, epoch, topic, key, value):
    """A record of a transaction that the coordinator knows nothing of; it stays open for ever."""
    record = b"\x00" + varint(0) + varint(0) + varint(len(key)) + key + varint(len(value)) + value + varint(0)
    now = int(time.time() * 1000)
    checked = struct.pack(">hiqqqhii", 0x10, 0, now, now, producer, epoch, 0, 1) + varint(len(record)) + record
    batch = struct.pack(">ibI", 0, 2, crc32c(checked)) + checked
    batch = struct.pack(">qi", 0, len(batch)) + batch
    body = (text(transactional_id) + struct.pack(">hi", -1, 30_000) + struct.pack(">i", 1) + text(topic) +
            struct.pack(">iii", 1, 0, len(batch)) + batch)
    answer = ask(bootstrap, 0, 3, body)
    error = struct.unpack(">h", answer[4 + 2 + len(topic) + 4 + 4:][:2])[0]
    if error:
        raise AssertionError(f"Produce: error {error}")
