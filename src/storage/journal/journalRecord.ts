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
}

/** A complete line that is no record; `damaged` says why. */
export interface DamagedLine {
  damaged: string;
}

/** What a driver may read, and then some: an event wraps a message in other fields. */
const RECORD_LIMITS = { maxDepth: 200, maxValues: 500_000 };

const recordSchema = v.object({
  v: v.literal(1),
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  ts: v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)),
  kind: v.string(),
  data: v.unknown(),
});

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
