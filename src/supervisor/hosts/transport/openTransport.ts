import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import type { AskPerson } from '../../system/hostConnection';
import { Askpass } from './askpass';
import { bootstrapScript, type HostProgram } from './bootstrap';
import { MarkedLines } from './markedLines';
import { transportArguments } from './transportArguments';
import { bootstrapError, endedError, notStartedError, silentError, type ReachedHost } from './transportErrors';
import { TransportProcess } from './transportProcess';

/** A host that says nothing for so long is given up. */
const SILENCE_LIMIT_MS = 30_000;
/** A person may have to find a password first. */
const ASKING_LIMIT_MS = 5 * 60_000;

export interface TransportOptions {
  program: HostProgram;
  /** The folder of Corral's bundles; without it nobody is asked. */
  bundles?: string;
  /** Only where a person wanted the connection: lets ssh ask for a password. */
  ask?: AskPerson | undefined;
  signal?: AbortSignal | undefined;
}

/** A way to the host program, which speaks from here on. */
export interface Transport {
  process: TransportProcess;
  /** What the host printed before. */
  printed: string;
  /** The Node that runs the host program. */
  node: string;
  /** True where the host program had to be installed first. */
  isInstalled: boolean;
}

/**
 * Starts the host program on a host, and installs it before where it is not there.
 * @throws HostError
 */
export async function openTransport(host: ReachedHost, options: TransportOptions): Promise<Transport> {
  const { ask, bundles } = options;
  // Windows takes no script for the program that asks.
  const canAsk = ask !== undefined && bundles !== undefined && 'ssh' in host.setting && process.platform !== 'win32';
  if (!canAsk) return await openWay(host, options);
  const askpass = await Askpass.open(ask, bundles);
  try {
    return await openWay(host, { ...options, askpass });
  } catch (error) {
    if (!askpass.isRefused) throw error;
    throw new CorralError('CANCELLED', l10n.t('Nobody answered what ssh asked.'), { cause: error });
  } finally {
    await askpass.close();
  }
}

async function openWay(
  host: ReachedHost,
  { program, signal, askpass }: TransportOptions & { askpass?: Askpass },
): Promise<Transport> {
  const mayAsk = askpass !== undefined;
  const { node, root } = host.setting;
  const mark = randomBytes(16).toString('hex');
  const argv = transportArguments(host.setting, bootstrapScript({ mark, program, node, root }), { mayAsk });
  const process = await TransportProcess.start(argv, askpass?.environment).catch((error: unknown) => {
    throw notStartedError(host, argv[0], error);
  });
  const limitMs = mayAsk ? ASKING_LIMIT_MS : SILENCE_LIMIT_MS;
  const silent = new AbortController();
  const limit = setTimeout(() => {
    silent.abort();
    process.end();
  }, limitMs);
  const cancel = (): void => process.end();
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted === true) cancel();
  try {
    const lines = new MarkedLines(process.output, mark);
    let isInstalled = false;
    for (;;) {
      const line = await lines.next();
      limit.refresh();
      if (line === undefined) {
        const exitCode = await process.ended;
        signal?.throwIfAborted();
        if (silent.signal.aborted) throw silentError(host, limitMs / 1_000);
        throw endedError(host, exitCode, process.errorText);
      }
      const { word, detail } = line;
      if (word === 'ready') return { process, printed: lines.printed, node: detail, isInstalled };
      if (word !== 'send') {
        await process.ended; // stderr is complete then
        throw bootstrapError(host, word, detail, process.errorText);
      }
      isInstalled = true;
      if (process.input.write(program.bytes)) continue;
      // Where it reads no more, the next line tells why.
      await Promise.race([once(process.input, 'drain').catch(() => undefined), process.ended]);
    }
  } catch (error) {
    process.end();
    throw error;
  } finally {
    clearTimeout(limit);
    signal?.removeEventListener('abort', cancel);
  }
}
