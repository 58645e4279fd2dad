import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { parseJson } from '../../../common/lines/jsonLimits';
import { takeChunk, takeLine } from '../../../common/lines/takeLine';
import { HostError } from '../hostError';
import type { HostTestReport } from '../hostsApi';
import { DEFAULT_ROOT, type HostProgram } from '../transport/bootstrap';
import { openTransport, type Transport } from '../transport/openTransport';
import type { ReachedHost } from '../transport/transportErrors';
import {
  bytesToSend,
  checkAgents,
  checkBytes,
  checkClock,
  checkDetached,
  checkDisk,
  checkGit,
  checkNode,
} from './hostChecks';
import { findAnswerSchema, lookAnswerSchema, MAX_LINE_BYTES, type ProbeRequest } from './probeProtocol';

const manifestSchema = v.object({ version: v.pipe(v.string(), v.regex(/^[\w.+-]+$/)) });

export interface HostTestOptions {
  /** Whether a person asked for the test, so that ssh may ask for a password. */
  mayAsk?: boolean;
  signal?: AbortSignal;
  /** What is being done, in a few words. */
  onProgress?: (step: string) => void;
}

/**
 * Tries on a host what a session needs, over two connections: what the first one started is looked for by the second.
 * @throws HostError where there is no connection, or it is lost
 */
export async function testHost(
  host: ReachedHost,
  { bundles, mayAsk = false, signal, onProgress }: HostTestOptions & { bundles: string },
): Promise<HostTestReport> {
  const program = await readProgram(bundles);
  const open = async (): Promise<Transport> => await openTransport(host, { program, mayAsk, signal });
  const { git = 'git', root = DEFAULT_ROOT } = host.setting;
  onProgress?.(l10n.t('connecting'));
  const startMs = performance.now();
  const first = await open();
  const connectMs = Math.round(performance.now() - startMs);
  onProgress?.(l10n.t('looking at the host'));
  const { look, differenceMs, bytes } = await whileOpen(first, signal, async () => {
    const askedMs = Date.now();
    const look = await ask(host, first, { request: 'look', git, root }, lookAnswerSchema);
    const answeredMs = Date.now();
    // The host read its clock at some time between question and answer.
    const nearest = Math.min(Math.max(look.facts.clockMs, askedMs), answeredMs);
    onProgress?.(l10n.t('sending bytes there and back'));
    return { look, differenceMs: look.facts.clockMs - nearest, bytes: await checkEcho(first) };
  });
  onProgress?.(l10n.t('connecting again'));
  const second = await open();
  const { isAlive } = await whileOpen(second, signal, async () => {
    return await ask(host, second, { request: 'find', child: look.child }, findAnswerSchema);
  });
  const { facts } = look;
  const checks: HostTestReport['checks'] = [
    { name: 'connection', state: 'passed', found: l10n.t('made in {connectMs} ms', { connectMs }) },
    checkNode(facts),
    checkGit(facts),
    checkAgents(facts),
    bytes,
    checkDetached(isAlive),
    checkClock(differenceMs),
    checkDisk(facts),
  ];
  return {
    host: host.name,
    testedAt: new Date().toISOString(),
    hostName: facts.hostName,
    connectMs,
    usable: checks.every(({ state }) => state !== 'failed'),
    checks,
    printed: first.printed,
  };
}

async function readProgram(bundles: string): Promise<HostProgram> {
  const bytes = await readFile(join(bundles, 'hostProbe.js'));
  const { version } = v.parse(manifestSchema, JSON.parse(await readFile(join(bundles, '../package.json'), 'utf8')));
  return { version, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Closes the transport afterwards, and at once where the test is cancelled. */
async function whileOpen<T>(
  { process }: Transport,
  signal: AbortSignal | undefined,
  action: () => Promise<T>,
): Promise<T> {
  const cancel = (): void => process.end();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await action();
  } finally {
    signal?.removeEventListener('abort', cancel);
    await process.close();
  }
}

async function ask<S extends v.GenericSchema>(
  host: ReachedHost,
  { process }: Transport,
  request: ProbeRequest,
  schema: S,
): Promise<v.InferOutput<S>> {
  process.input.write(`${JSON.stringify(request)}\n`);
  const line = await takeLine(process.output, MAX_LINE_BYTES);
  const parsed = v.safeParse(schema, parseJson(line ?? '')?.json);
  if (parsed.success) return parsed.output;
  throw new HostError(
    'HOST_FAILED',
    { host: host.name, step: 'test' },
    l10n.t('its program did not answer: {reason}', { reason: process.errorText.trim().split('\n').at(-1) ?? '' }),
  );
}

async function checkEcho({ process }: Transport): Promise<HostTestReport['checks'][number]> {
  const sent = bytesToSend();
  const startMs = performance.now();
  process.input.end(sent);
  const received: Buffer[] = [];
  for (let length = 0; length < sent.length;) {
    const chunk = await takeChunk(process.output);
    if (chunk === undefined) break;
    received.push(chunk);
    length += chunk.length;
  }
  return checkBytes(sent, Buffer.concat(received), Math.round(performance.now() - startMs));
}
