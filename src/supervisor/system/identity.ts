/** Tells a process from every other one. A pid alone does not: sooner or later another process gets it. */
import { hostname } from 'node:os';
import { readMachine, readProcess } from './processTable';
import type { ProcessIdentity } from './identitySchema';

/** `unknown`: it belongs to another machine or pid namespace, or the system does not tell. It is not taken for dead. */
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

/**
 * Whether this process may be looked for in the process table here. A boot's id tells machines apart better than their
 * names, which can change; the machine is asked only where there is no such id.
 */
export async function isOfThisPlace(identity: Place): Promise<boolean> {
  place ??= readPlace();
  const here = await place;
  const isSameBoot =
    here.boot === '' || identity.boot === '' ? identity.host === here.host : identity.boot === here.boot;
  return isSameBoot && identity.pidNamespace === here.pidNamespace;
}

/** Whether this very process still runs. Never throws. */
export async function liveness(identity: ProcessIdentity): Promise<Liveness> {
  try {
    place ??= readPlace();
    const here = await place;
    // Nothing outlives a boot of its machine.
    if (identity.host === here.host && identity.boot !== '' && here.boot !== '' && identity.boot !== here.boot)
      return 'dead';
    if (!(await isOfThisPlace(identity))) return 'unknown';
    const entry = await readProcess(identity.pid);
    return entry !== undefined && !entry.ended && entry.startTime === identity.startTime ? 'alive' : 'dead';
  } catch {
    return 'unknown';
  }
}

/** True where this very process is of this place and stands still. Never throws. */
export async function isStopped(identity: ProcessIdentity): Promise<boolean> {
  if ((await liveness(identity)) !== 'alive') return false;
  const entry = await readProcess(identity.pid).catch(() => undefined);
  return entry?.stopped === true && entry.startTime === identity.startTime;
}
