/** Tells a process from every other one. A pid alone does not: sooner or later another process gets it. */
import { hostname } from 'node:os';
import { readMachine, readProcess } from './processTable';
import type { ProcessIdentity } from './identitySchema';

/** `unknown`: it belongs to another machine or pid namespace, or the system does not tell. It counts as alive. */
export type Liveness = 'alive' | 'dead' | 'unknown';

type Place = Pick<ProcessIdentity, 'host' | 'boot' | 'pidNamespace'>;

let place: Promise<Place> | undefined;
let own: Promise<ProcessIdentity> | undefined;

async function readPlace(): Promise<Place> {
  const { machine, boot, pidNamespace } = await readMachine();
  // On Linux an id may have been cloned with its image; elsewhere the name changes with the network.
  const host = process.platform === 'linux' ? `${hostname()} ${machine}`.trim() : machine || hostname();
  return { host, boot, pidNamespace };
}

/**
 * The identity of a live process of this machine; undefined where no process has this pid.
 * @throws where the system does not tell
 */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  place ??= readPlace();
  const [here, entry] = await Promise.all([place, readProcess(pid)]);
  return entry === undefined || entry.ended ? undefined : { ...here, pid, startTime: entry.startTime };
}

/** The identity of this process. */
export function ownIdentity(): Promise<ProcessIdentity> {
  own ??= identityOf(process.pid).then((identity) => {
    if (identity === undefined) throw new Error('The system does not list this process');
    return identity;
  });
  own.catch(() => (own = undefined)); // so that the next call asks again
  return own;
}

/** Whether this very process still runs. Never throws. */
export async function liveness(identity: ProcessIdentity): Promise<Liveness> {
  try {
    place ??= readPlace();
    const here = await place;
    if (identity.host !== here.host) return 'unknown';
    // Nothing outlives a boot of its machine.
    if (identity.boot !== '' && here.boot !== '' && identity.boot !== here.boot) return 'dead';
    if (identity.pidNamespace !== here.pidNamespace) return 'unknown';
    const entry = await readProcess(identity.pid);
    return entry !== undefined && !entry.ended && entry.startTime === identity.startTime ? 'alive' : 'dead';
  } catch {
    return 'unknown';
  }
}
