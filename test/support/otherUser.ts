import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The user `nobody` of nearly all systems. */
const OTHER_ID = 65_534;

/**
 * Acts as a person who is not root, whose rights end where the modes of files say so: as another user where the tests
 * run as root. Git finds a home of that user's own.
 */
export async function asOrdinaryUser(act: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) {
    await act();
    return;
  }
  const { HOME, TMPDIR } = process.env;
  const home = await mkdtemp(join(tmpdir(), 'corral-other-'));
  await chmod(home, 0o777);
  process.env['HOME'] = home;
  process.env['TMPDIR'] = home;
  process.setegid?.(OTHER_ID);
  process.seteuid?.(OTHER_ID);
  try {
    await act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.env['HOME'] = HOME;
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
    await rm(home, { recursive: true, force: true });
  }
}
