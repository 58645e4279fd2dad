import * as v from 'valibot';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'; // RFC 4648 base32, lower case
const LENGTH = 12; // 60 bits; short because Windows limits a path to 260 characters
const ID = /^[a-z2-7]{12}$/;

/** A session or run id. */
export const idSchema = v.pipe(v.string(), v.regex(ID));

/** An id by which agents name files of their own. */
export const uuidSchema = v.pipe(v.string(), v.uuid());

/** A SHA-256 hash, which names a content. */
export const sha256Schema = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/** A new session or run id: 12 characters of lower-case base32. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(LENGTH)), (byte) => ALPHABET.charAt(byte & 31)).join('');
}

/** True for a string that can be a session or run id. Check it before it becomes part of a path. */
export function isId(value: string): boolean {
  return ID.test(value);
}

const SEQ_RANGE = 2 ** 32;

/** The event's `id`: ordinal × 2^32 + seq, the same in every window and after every rebuild. */
export function eventId(ordinal: number, seq: number): number {
  return ordinal * SEQ_RANGE + seq;
}

/** What `eventId` made the id of. */
export function eventPlace(id: number): { ordinal: number; seq: number } {
  return { ordinal: Math.floor(id / SEQ_RANGE), seq: id % SEQ_RANGE };
}
