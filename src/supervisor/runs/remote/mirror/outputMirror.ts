import { rm } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunPaths } from '../../../../storage/paths';
import type { HostConnection } from '../../../system/hostConnection';
import type { StillOwner } from '../../../system/locks';
import { AppendedFile } from './appendedFile';
import { copyFromHost } from './copyFile';

const MAX_LOG_BYTES = 4 * 1024 ** 3;
const LOG = 'output.log';
/** A runner compresses its log before it ends. */
const POLL_MS = 500;

/** Appends what the agent prints on the host, until its log there is compressed and removed. */
export async function mirrorOutput(
  run: RunPaths,
  stillOwner: StillOwner,
  tail: (name: string, offset: number) => Readable,
): Promise<void> {
  const copy = await AppendedFile.open(run.output, stillOwner);
  try {
    for await (const chunk of tail(LOG, copy.length) as AsyncIterable<Buffer>) await copy.append(chunk);
  } finally {
    await copy.close();
  }
}

/** Settles when the log on the host will not change any more: true where its runner could not compress it. */
export async function isLeftPlain(
  host: HostConnection,
  folder: string,
  isRunnerAlive: () => Promise<boolean>,
): Promise<boolean> {
  for (;;) {
    const isAlive = await isRunnerAlive(); // before the look, since it compresses the log at its end
    if ((await host.stat(posix.join(folder, LOG))) === undefined) return false;
    if (!isAlive) return true;
    await delay(POLL_MS);
  }
}

/** Brings the compressed log here, in place of what was appended. */
export async function takeCompressed(host: HostConnection, folder: string, run: RunPaths): Promise<void> {
  const from = posix.join(folder, `${LOG}.gz`);
  if (await copyFromHost(host, from, run.compressedOutput, { maxBytes: MAX_LOG_BYTES }))
    await rm(run.output, { force: true });
}

/** Brings the rest of a log here that will not grow. */
export async function appendRest(
  host: HostConnection,
  folder: string,
  run: RunPaths,
  stillOwner: StillOwner,
): Promise<void> {
  const plain = posix.join(folder, LOG);
  const copy = await AppendedFile.open(run.output, stillOwner);
  try {
    const size = (await host.stat(plain))?.sizeBytes ?? 0;
    if (copy.length >= size) return;
    for await (const chunk of host.tail(plain, copy.length) as AsyncIterable<Buffer>) {
      await copy.append(chunk);
      if (copy.length >= size) return;
    }
  } finally {
    await copy.close();
  }
}
