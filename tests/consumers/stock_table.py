"""Keeps the stock of a ledger as a table, with Debian's python3-confluent-kafka:

    stock_table.py <bootstrap> <prefix>.<ledger> <generation> <file>

Reads `custody` to its end, then follows `events` from there, as engine/stream/CONSUMERS.md says ("State first, then
events"). The file holds the table as JSON and is replaced whenever it has changed. Runs until it is ended.
"""

import collections
import json
import os
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition


def consumer(bootstrap, isolation):
    return Consumer({"bootstrap.servers": bootstrap, "isolation.level": isolation, "enable.partition.eof": True,
                     "group.id": "stock-table",  # asked for by the client; nothing is committed to it
                     "enable.auto.commit": False})


def ends(client, topic):
    partitions = client.list_topics(topic, timeout=30).topics[topic].partitions
    return {one: client.get_watermark_offsets(TopicPartition(topic, one), timeout=30)[1] for one in partitions}


def take_custody(record, pieces):
    value = json.loads(record.value() or "{}")  # none: a tombstone, gone for good
    position = int(dict(record.headers())["ce_sequence"])
    pieces[record.key().decode()] = (position, value.get("piece", {}), value.get("counted"))


def take_event(record, pieces):
    headers = dict(record.headers())
    after = json.loads(headers.get("ce_after", "{}"))
    item = after.get("item", record.key().decode())
    position = int(headers["ce_sequence"])
    if after and position > pieces.get(item, (-1,))[0]:  # else it is in what is known of the piece
        pieces[item] = (position, after, after.get("counted"))


def write(path, pieces):
    table = {}
    for _, now, counted in pieces.values():
        if counted and now["owner"]["kind"] == "HOUSE":
            row = table.setdefault(f"{now.get('model', '')}|{counted.get('site', 0)}", collections.Counter())
            row[counted["column"]] += 1
            row["insured"] += int(now.get("insured", {}).get("minor", 0))
    with open(path + ".new", "w", encoding="utf-8") as file:  # beside, so that nobody reads half of it
        json.dump(table, file)
    os.replace(path + ".new", path)


def main():
    bootstrap, ledger, generation, path = sys.argv[1:]
    events, custody = (f"{ledger}.{name}.v{generation}" for name in ("events", "custody"))
    client = consumer(bootstrap, "read_committed")
    begin = ends(client, events)
    left = ends(consumer(bootstrap, "read_uncommitted"), custody)  # of open transactions too: see CONSUMERS.md
    pieces = {}
    client.assign([TopicPartition(custody, one, OFFSET_BEGINNING) for one in left])
    while left:
        for record in client.consume(1000, timeout=0.5):
            if not record.error():
                take_custody(record, pieces)
            elif record.error().code() == KafkaError._PARTITION_EOF:
                if record.offset() >= left.get(record.partition(), 0):
                    left.pop(record.partition(), None)
    client.assign([TopicPartition(events, one, offset) for one, offset in begin.items()])
    while True:
        write(path, pieces)
        for record in client.consume(1000, timeout=0.5):
            if not record.error():
                take_event(record, pieces)


if __name__ == "__main__":
    main()
