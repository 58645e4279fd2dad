/** What a window and the host program say to each other, as JSON in the frames of channels. */
import { isAbsolute } from 'node:path';
import * as v from 'valibot';
import { parseJson } from '../../common/lines/jsonLimits';
import type { Liveness } from '../system/identity';
import { identitySchema } from '../system/identitySchema';
import { sessionRequests } from './sessionRequestSchemas';

/** Raised when a host program of this version cannot serve an older window, or an older one this window. */
export const HOST_PROTOCOL_VERSION = 1;

/** What an answer may have at most, but for the bytes of files. */
export const MAX_ANSWER_BYTES = 4 << 20;
/** The names that are told of one folder at most. */
export const MAX_LISTED_NAMES = 10_000;

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** Without a NUL byte, which ends an argument or a variable for the system. */
const word = v.pipe(
  text,
  v.check((value) => !value.includes('\0'), 'It holds a NUL character'),
);
/** A path there: the host program checks it by the rules of its own system. */
const path = v.pipe(
  word,
  v.check((value) => isAbsolute(value), 'It is no absolute path'),
);
/** One of the loopback there. */
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const program = {
  argv: v.pipe(v.array(word), v.minLength(1)),
  cwd: v.exactOptional(path),
  environment: v.exactOptional(v.record(word, word)),
};

/** The folder of a version of the host program: `<version>-<sha256>`. */
export const HOST_VERSION_NAME = v.pipe(text, v.regex(/^[\w.+-]{1,100}-[0-9a-f]{64}$/));

/** The first frame of a channel. What it is answered with stands beside each. */
export const hostRequestSchema = v.variant('request', [
  /** The first of a link: a `hostHelloSchema` as data. Nothing else is answered before. */
  v.object({ request: v.literal('hello'), protocol: count, version: text }),
  /**
   * stdin and stdout as data, `commandMessageSchema` and `killMessageSchema` as messages. With a `repository`, it waits
   * for its turn to change that.
   */
  v.object({ request: v.literal('command'), ...program, standardError: count, repository: v.exactOptional(path) }),
  /** The channel for stderr of a command to come, which names it. */
  v.object({ request: v.literal('standardError') }),
  /** The bytes as data. */
  v.object({ request: v.literal('tail'), path, offset: count }),
  /** `connectedMessageSchema` as a message, then the socket's bytes as data. */
  v.object({ request: v.literal('connect'), endpoint: v.union([path, port]) }),
  /** `hostFactsSchema` as data. `git` is a path or a name; a path may begin with `~/`. */
  v.object({ request: v.literal('probe'), git: word }),
  /** `livenessSchema` as data. */
  v.object({ request: v.literal('liveness'), identity: identitySchema }),
  /** The bytes as data, and NOT_FOUND as the error where there is no file. */
  v.object({ request: v.literal('readFile'), path, maxBytes: count }),
  /** `hostFileSchema` as data, null where there is nothing. */
  v.object({ request: v.literal('stat'), path }),
  /** `hostNamesSchema` as data, null where there is no folder. */
  v.object({ request: v.literal('list'), path }),
  /** `identitySchema` as data. */
  v.object({ request: v.literal('startDetached'), ...program, output: v.exactOptional(path) }),
  /** `hostVersionsSchema` as data: the versions of the host program there, but for the one that answers. */
  v.object({ request: v.literal('listVersions') }),
  /** Removes those that nothing uses; `removedVersionsSchema` as data. */
  v.object({ request: v.literal('removeVersions'), names: v.pipe(v.array(HOST_VERSION_NAME), v.maxLength(1_000)) }),
  ...sessionRequests,
]);
export type HostRequest = v.InferOutput<typeof hostRequestSchema>;
export type HostRequestOf<K extends HostRequest['request']> = Extract<HostRequest, { request: K }>;

/** The requests that this version answers. A window asks for no other one. */
export const HOST_CAPABILITIES = hostRequestSchema.options.map(({ entries }) => entries.request.literal);

export const hostHelloSchema = v.object({
  protocol: count,
  version: v.pipe(text, v.maxLength(100)),
  /** The requests that the host answers. */
  capabilities: v.pipe(v.array(v.pipe(text, v.maxLength(100))), v.maxLength(1_000)),
});
export type HostHello = v.InferOutput<typeof hostHelloSchema>;

/** How a command ended; it may overtake the last of its output. */
export const commandMessageSchema = v.object({
  ended: v.object({ exitCode: v.nullable(v.number()), signal: v.nullable(v.pipe(text, v.maxLength(100))) }),
});
export const killMessageSchema = v.object({ kill: v.picklist(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL']) });
export const connectedMessageSchema = v.object({ connected: v.literal(true) });

export const hostFileSchema = v.nullable(
  v.object({
    kind: v.picklist(['file', 'folder', 'link', 'socket', 'other']),
    sizeBytes: count,
    modifiedMs: v.number(),
    inode: v.pipe(text, v.maxLength(100)),
  }),
);
export const livenessSchema = v.picklist(['alive', 'dead', 'unknown'] satisfies Liveness[]);
export const hostNamesSchema = v.nullable(v.pipe(v.array(text), v.maxLength(MAX_LISTED_NAMES)));

const hostVersionSchema = v.object({
  name: HOST_VERSION_NAME,
  bytes: count,
  /** A process runs it, or a run there may need it. */
  isUsed: v.boolean(),
});
export type HostVersion = v.InferOutput<typeof hostVersionSchema>;
export const hostVersionsSchema = v.pipe(v.array(hostVersionSchema), v.maxLength(MAX_LISTED_NAMES));
export const removedVersionsSchema = v.pipe(v.array(HOST_VERSION_NAME), v.maxLength(MAX_LISTED_NAMES));

/** Codes of the errors that a channel of the host ends with. */
export type HostErrorCode =
  'INVALID_REQUEST' | 'NOT_FOUND' | 'TOO_LARGE' | 'NOT_STARTED' | 'FILE_SHRUNK' | 'FILE_REPLACED' | 'FAILED';

/** A value as the bytes of a frame. */
export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** The value of such bytes where it has the schema's form; undefined for all else. */
export function decodeJson<S extends v.GenericSchema>(schema: S, bytes: Buffer): v.InferOutput<S> | undefined {
  const parsed = v.safeParse(schema, parseJson(bytes.toString('utf8'))?.json);
  return parsed.success ? parsed.output : undefined;
}
