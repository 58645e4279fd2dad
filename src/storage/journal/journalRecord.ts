/**
 * One line of a journal: `{"v":1,"seq":…,"ts":…,"kind":…,"data":{…},"crc":"…"}`.
 * The checksum is the CRC-32 of the line's bytes before `,"crc"`.
 */
import { crc32 } from 'node:zlib';
import * as v from 'valibot';
import { messageOf } from '../../common/errors';
import { exceedsJsonLimits } from '../../common/lines/jsonLimits';

/** A record as it stands in a journal. Its `data` is not validated yet. */
export interface JournalRecord {
  seq: number;
  /** ISO 8601 UTC with milliseconds. */
  timestamp: string;
  kind: string;
  data: unknown;
  /** The bytes of `data` in its line; absent where the line is not as `encodeRecord` writes it. */
  json?: Buffer;
}

/** A complete line that is no record; `damaged` says why. */
export interface DamagedLine {
  damaged: string;
}

/** What a driver may read, and then some: an event wraps a message in other fields. */
const RECORD_LIMITS = { maxDepth: 200, maxValues: 500_000 };
/** What the record around it leaves for the data. */
const DATA_LIMITS = { maxDepth: RECORD_LIMITS.maxDepth - 1, maxValues: RECORD_LIMITS.maxValues - 5 };

const recordSchema = v.object({
  v: v.literal(1),
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  ts: v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)),
  kind: v.string(),
  data: v.unknown(),
});

/** What `encodeRecord` writes before the data. */
const HEAD =
  /^\{"v":1,"seq":([1-9]\d{0,14}),"ts":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)","kind":"([a-zA-Z.]+)","data":/;
const MAX_HEAD_BYTES = 160;

const checksumOf = (content: string | Uint8Array): string => crc32(content).toString(16).padStart(8, '0');
const CHECKSUM_FIELD_BYTES = ',"crc":"00000000"}'.length;

/** The record's line, with its newline. Throws where `data` cannot be written as JSON, such as a cycle or a bigint. */
export function encodeRecord(record: JournalRecord): Buffer {
  const data = record.data === undefined ? 'null' : JSON.stringify(record.data);
  const body = `{"v":1,"seq":${record.seq},"ts":${JSON.stringify(record.timestamp)},"kind":${JSON.stringify(record.kind)},"data":${data}`;
  return Buffer.from(`${body},"crc":"${checksumOf(body)}"}\n`);
}

/** The record in `line`, which comes without its newline, or what is wrong with it. Never throws. */
export function decodeRecord(line: Buffer): JournalRecord | DamagedLine {
  const bodyLength = line.length - CHECKSUM_FIELD_BYTES;
  if (bodyLength <= 0) return { damaged: 'The line is too short.' };
  const body = line.subarray(0, bodyLength);
  if (line.toString('latin1', bodyLength) !== `,"crc":"${checksumOf(body)}"}`)
    return { damaged: 'The checksum is wrong.' };
  const plain = decodePlain(body);
  if (plain !== undefined) return plain;
  const text = `${body.toString('utf8')}}`;
  if (exceedsJsonLimits(text, RECORD_LIMITS)) return { damaged: 'It is nested too deeply, or has too many values.' };
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return { damaged: messageOf(error) };
  }
  const parsed = v.safeParse(recordSchema, content);
  if (!parsed.success) return { damaged: parsed.issues[0].message };
  const { seq, ts, kind, data } = parsed.output;
  return { seq, timestamp: ts, kind, data };
}

/** A record as `encodeRecord` writes it, of which only the data is read as JSON; undefined for any other. */
function decodePlain(body: Buffer): JournalRecord | undefined {
  const head = HEAD.exec(body.toString('latin1', 0, Math.min(body.length, MAX_HEAD_BYTES)));
  if (head === null) return undefined;
  const [start, seq, timestamp = '', kind = ''] = head;
  const json = body.subarray(start.length);
  const text = json.toString('utf8');
  if (exceedsJsonLimits(text, DATA_LIMITS)) return undefined;
  try {
    return { seq: Number(seq), timestamp, kind, data: JSON.parse(text) as unknown, json };
  } catch {
    return undefined;
  }
}
