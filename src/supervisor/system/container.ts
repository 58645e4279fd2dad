import { access, readFile } from 'node:fs/promises';
import { readProcess } from './processTable';

/** Files that Docker and Podman put into a container. */
const MARKS = ['/.dockerenv', '/run/.containerenv'];

/** The container that this process is in: its id, '' where it is not known, and when its first process was started. */
export async function readContainer(): Promise<{ id: string; firstProcessStart: string } | undefined> {
  if (process.platform !== 'linux') return undefined;
  const mounts = await readFile('/proc/self/mountinfo', 'latin1').catch(() => '');
  const id = containerIdOf(mounts);
  const marks = await Promise.all(
    MARKS.map(async (mark) =>
      access(mark).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (id === '' && !marks.includes(true)) return undefined;
  const first = await readProcess(1).catch(() => undefined);
  return { id, firstProcessStart: first?.startTime ?? '' };
}

/** By the files that the runtime mounts over those of the image: they lie in a folder with the container's id. */
export function containerIdOf(mountinfo: string): string {
  for (const line of mountinfo.split('\n')) {
    const [, , , root = '', mountPoint] = line.split(' ');
    if (mountPoint !== '/etc/hostname' && mountPoint !== '/etc/resolv.conf' && mountPoint !== '/etc/hosts') continue;
    const id = /\/([0-9a-f]{64})\//.exec(root)?.[1] ?? /\/pods\/([0-9a-f-]{36})\//.exec(root)?.[1];
    if (id !== undefined) return id;
  }
  return '';
}
