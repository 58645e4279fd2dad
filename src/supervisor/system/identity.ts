/** Who a process is. A pid alone proves nothing: it is given to another process sooner or later. */
import { hostname } from 'node:os';
import { readMachine, readProcess } from './processTable';
import type { ProcessIdentity } from './identitySchema';

/** `unknown` is a process of another machine or pid namespace, or a system that does not tell. It counts as alive. */
export type Liveness = 'alive' | 'dead' | 'unknown';

type Place = Pick<ProcessIdentity, 'host' | 'boot' | 'pidNamespace'>;

let place: Promise<Place> | undefined;
let own: Promise<ProcessIdentity> | undefined;

async function readPlace(): Promise<Place> {
  const { machine, boot, pidNamespace } = await readMachine();
  // Elsewhere than on Linux a name changes with the network, so the hardware's id stands alone. On Linux an id may have been cloned with its image.
  const host = process.platform === 'linux' ? `${hostname()} ${machine}`.trim() : machine || hostname();
  return { host, boot, pidNamespace };
}

/** The identity of a live process of this machine; undefined where no process has this pid. Throws where the system does not tell. */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  place ??= readPlace();
  const [here, entry] = await Promise.all([place, readProcess(pid)]);
  return entry === undefined || entry.ended ? undefined : { ...here, pid, startTime: entry.startTime };
}

/** This process. */
export function ownIdentity(): Promise<ProcessIdentity> {
  own ??= identityOf(process.pid).then((identity) => {
    if (identity === undefined) throw new Error('The system does not list this process');
    return identity;
  });
  own.catch(() => (own = undefined)); // asked again next time
  return own;
}

/** Whether that very process still runs. Never throws. */
export async function liveness(identity: ProcessIdentity): Promise<Liveness> {
  try {
    place ??= readPlace();
    const here = await place;
    if (identity.host !== here.host) return 'unknown';
    // Another boot of this machine: whatever ran then is gone, whatever namespace it was in.
    if (identity.boot !== '' && here.boot !== '' && identity.boot !== here.boot) return 'dead';
    if (identity.pidNamespace !== here.pidNamespace) return 'unknown';
    const entry = await readProcess(identity.pid);
    return entry !== undefined && !entry.ended && entry.startTime === identity.startTime ? 'alive' : 'dead';
  } catch {
    return 'unknown';
  }
}
