/** What is asked of a host but for its programs; each question is a channel of its own. */
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type * as v from 'valibot';
import type { HostRequest } from '../hostProtocol/hostProtocol';
import {
  connectedMessageSchema,
  decodeJson,
  hostFileSchema,
  hostNamesSchema,
  livenessSchema,
  MAX_ANSWER_BYTES,
} from '../hostProtocol/hostProtocol';
import type { HostFile, HostProcessOptions } from '../system/hostConnection';
import { hostFactsSchema, type HostFacts } from '../system/hostFacts';
import type { Liveness } from '../system/identity';
import { identitySchema, type ProcessIdentity } from '../system/identitySchema';
import { collect } from './hostLink';
import type { Argv } from './hostProcess';
import { errorCodeOf, type OpenChannel } from './openChannel';

/** Asks for one value. @throws where it has not the form of the schema */
export async function askHost<S extends v.GenericSchema>(
  open: OpenChannel,
  request: HostRequest,
  schema: S,
  content: Uint8Array | AsyncIterable<Uint8Array> = new Uint8Array(),
): Promise<v.InferOutput<S>> {
  const channel = open(request);
  if (content instanceof Uint8Array) channel.end(content);
  else await pipeline(content, channel);
  const answer = decodeJson(schema, await collect(channel, MAX_ANSWER_BYTES));
  if (answer === undefined) throw new Error(`The host answered “${request.request}” in a form that is not known`);
  return answer;
}

export async function probeHost(open: OpenChannel, git: string): Promise<HostFacts> {
  return await askHost(open, { request: 'probe', git }, hostFactsSchema);
}

export async function livenessOnHost(open: OpenChannel, identity: ProcessIdentity): Promise<Liveness> {
  return await askHost(open, { request: 'liveness', identity }, livenessSchema);
}

export async function statOnHost(open: OpenChannel, path: string): Promise<HostFile | undefined> {
  return (await askHost(open, { request: 'stat', path }, hostFileSchema)) ?? undefined;
}

export async function listOnHost(open: OpenChannel, path: string): Promise<string[] | undefined> {
  return (await askHost(open, { request: 'list', path }, hostNamesSchema)) ?? undefined;
}

export async function startDetachedOnHost(
  open: OpenChannel,
  argv: Argv,
  { cwd, environment, output }: HostProcessOptions & { output?: string },
): Promise<ProcessIdentity> {
  return await askHost(
    open,
    {
      request: 'startDetached',
      argv: [...argv],
      ...(cwd === undefined ? {} : { cwd }),
      ...(environment === undefined ? {} : { environment: { ...environment } }),
      ...(output === undefined ? {} : { output }),
    },
    identitySchema,
  );
}

export async function readHostFile(open: OpenChannel, path: string, maxBytes: number): Promise<Buffer | undefined> {
  const channel = open({ request: 'readFile', path, maxBytes });
  channel.end();
  try {
    return await collect(channel, maxBytes);
  } catch (error) {
    if (errorCodeOf(error) === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** The bytes with which the request is answered. */
export function readFromHost(open: OpenChannel, request: HostRequest): Readable {
  const channel = open(request);
  channel.end();
  return channel;
}

export async function connectOnHost(open: OpenChannel, endpoint: string | number): Promise<Duplex> {
  const channel = open({ request: 'connect', endpoint });
  await new Promise<void>((resolve, reject) => {
    channel.onMessage((message) => {
      if (decodeJson(connectedMessageSchema, message) !== undefined) resolve();
    });
    channel.once('close', () => reject(channel.errored ?? new Error('The host closed the connection')));
  });
  return channel;
}
