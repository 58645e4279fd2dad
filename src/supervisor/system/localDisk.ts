import { statfs } from 'node:fs/promises';

/**
 * The magic numbers that statfs tells for disks whose sockets are those of this machine alone: ext, xfs, btrfs, f2fs,
 * zfs, bcachefs and tmpfs. Overlays and network disks are none of them.
 */
const LOCAL_TYPES = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x01021994]);

/** True where the folder lies on a disk of this machine, and not on an overlay of one. Only Linux tells. */
export async function isOnLocalDisk(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  return await statfs(folder).then(
    ({ type }) => LOCAL_TYPES.has(type),
    () => false,
  );
}
