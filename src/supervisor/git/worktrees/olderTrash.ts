import type { CaptureList } from '../snapshots/captureList';
import { listFiles } from '../snapshots/fileList';
import { removeListed, type KeptFile } from './emptyFolder';

/** A disk may store times in coarse steps. */
const CLOCK_SLACK_MS = 50;

/**
 * Goes on with what an earlier version of Corral began to remove, which left no list of what its snapshot had seen:
 * files that changed since `capturedMs` stay.
 */
export async function removeOlderThan(root: string, capturedMs: number): Promise<KeptFile[]> {
  const { files } = await listFiles(root);
  const limitNs = BigInt(capturedMs - CLOCK_SLACK_MS) * 1_000_000n;
  const older: CaptureList = new Map(
    files.filter(({ changedNs }) => changedNs < limitNs).map(({ path, stamp }) => [path, stamp]),
  );
  return await removeListed(root, older);
}
