import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { temporaryPath } from '../../../../storage/journal/durableFile';
import type { HostConnection } from '../../../system/hostConnection';

/**
 * Copies a file that is complete on the host, and gives it its name when all of it is here. False where there is none.
 * @throws Error where it is larger than `maxBytes`, or has another hash
 */
export async function copyFromHost(
  host: HostConnection,
  from: string,
  to: string,
  { maxBytes, sha256 }: { maxBytes: number; sha256?: string },
): Promise<boolean> {
  const found = await host.stat(from);
  if (found === undefined) return false;
  const { sizeBytes } = found;
  if (sizeBytes > maxBytes) throw new Error(`${from} on the host has ${String(sizeBytes)} bytes`);
  const temporary = temporaryPath(to);
  const file = await open(temporary, 'wx', 0o600);
  try {
    try {
      const hash = createHash('sha256');
      let left = sizeBytes;
      if (left > 0)
        for await (const chunk of host.tail(from, 0) as AsyncIterable<Buffer>) {
          const bytes = chunk.subarray(0, left);
          hash.update(bytes);
          await file.writeFile(bytes);
          left -= bytes.length;
          if (left === 0) break;
        }
      if (left > 0) throw new Error(`${from} on the host ended early`);
      if (sha256 !== undefined && hash.digest('hex') !== sha256)
        throw new Error(`${from} on the host has not the content that its name tells`);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, to);
    return true;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
