// Keeps the stock of a ledger as a table, with kafkajs:
//
//   node stock_table.js <bootstrap> <prefix>.<ledger> <generation> <file> <engine: http://127.0.0.1:…>
//
// Takes a snapshot from the engine, then follows `events` from there, as engine/stream/CONSUMERS.md says ("From the
// engine"). The file holds the table as JSON and is replaced whenever it has changed. Runs until it is ended.
"use strict";

const fs = require("fs");
const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = require("kafkajs");
const lz4 = require("lz4js");

// Daybook compresses with LZ4, which kafkajs leaves to a package of one's choice.
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async (encoder) => Buffer.from(lz4.compress(encoder.buffer)),
  decompress: async (buffer) => Buffer.from(lz4.decompress(buffer)),
});

const pieces = new Map(); // item → { asOf, now, counted }
let first; // the position that the snapshot's first page reflects

async function snapshot(engine) {
  for (let cursor = ""; cursor !== undefined; ) {
    const answer = await fetch(`${engine}/v1/stream/snapshot/custody?rows=1000${cursor && `&cursor=${cursor}`}`);
    if (!answer.ok) throw new Error(`${engine} answers ${answer.status}: ${await answer.text()}`);
    const page = await answer.json();
    first ??= BigInt(page.as_of.position ?? -1);
    for (const row of page.custody ?? []) {
      pieces.set(row.piece.item, { asOf: BigInt(row.as_of), now: row.piece, counted: row.counted });
    }
    cursor = page.next;
  }
}

function take(message) {
  if (!message.headers.ce_after) return; // about no piece, or a later event of the piece has it
  const now = JSON.parse(message.headers.ce_after);
  const item = now.item ?? message.key.toString();
  const position = BigInt(message.headers.ce_sequence);
  if (position <= (pieces.get(item)?.asOf ?? first)) return; // it is in what is known of the piece
  pieces.set(item, { asOf: position, now, counted: now.counted });
}

function write(path) {
  const table = {};
  for (const { now, counted } of pieces.values()) {
    if (!counted || now.owner.kind !== "HOUSE") continue;
    const row = (table[`${now.model ?? ""}|${counted.site ?? 0}`] ??= {});
    row[counted.column] = (row[counted.column] ?? 0) + 1;
    row.insured = (row.insured ?? 0) + Number(now.insured?.minor ?? 0);
  }
  fs.writeFileSync(`${path}.new`, JSON.stringify(table)); // beside, so that nobody reads half of it
  fs.renameSync(`${path}.new`, path);
}

async function main() {
  const [bootstrap, ledger, generation, path, engine] = process.argv.slice(2);
  const topic = `${ledger}.events.v${generation}`;
  const kafka = new Kafka({ brokers: bootstrap.split(","), clientId: "stock-table", logLevel: logLevel.ERROR });
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic); // before the snapshot: what is visible below is in it
  await admin.disconnect();
  await snapshot(engine);
  write(path);
  // A group of its own, of which no offset is kept. Reads committed records only, unless readUncommitted is set.
  const consumer = kafka.consumer({ groupId: `stock-table-${process.pid}-${Date.now()}`, maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const eachBatch = async ({ batch }) => (batch.messages.forEach(take), write(path));
  await consumer.run({ autoCommit: false, eachBatch });
  for (const { partition, offset } of ends) consumer.seek({ topic, partition, offset });
}

main().catch((error) => (console.error(error), process.exit(1)));
