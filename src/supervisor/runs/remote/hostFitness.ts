import type { Log } from '../../../common/log';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import { hostFitnessSchema, nothingSchema, type HostStore } from '../../hostProtocol/sessionRequests';
import { HostError } from '../../hosts/hostError';
import type { Hosts } from '../../hosts/hosts';
import type { HostCheck } from '../../hosts/hostsApi';
import { checkClock, checkDetached, checkDisk } from '../../hosts/test/hostChecks';
import type { OpenHost } from './hostStores';

/** Between the making of a session and the start of its first run a host does not become unfit, as a rule. */
const HOLDS_MS = 10_000;
/** When a host was found fit, by its store, which is another object for each connection; by `performance.now()`. */
const foundFitMs = new WeakMap<HostStore, number>();

export interface FitnessOptions {
  hosts: Hosts;
  bundles: string;
  log: Log;
}

/**
 * Refuses what could not run on the host: where its clock is off or its disk full, or where it ends what a connection
 * started. The last is tried once for each start of the host, over a second connection.
 * @throws HostError HOST_CLOCK_OFF, HOST_DISK_FULL, HOST_CANNOT_DETACH
 */
export async function requireFit(options: FitnessOptions, host: OpenHost): Promise<void> {
  const { hosts } = options;
  const { name, connection } = host;
  const askedMs = Date.now();
  const asking: HostRequestOf<'fitness'> = { request: 'fitness' };
  const { clockMs, disk, node, isDetachProven } = await connection.ask(asking, hostFitnessSchema);
  // The host read its clock at some time between question and answer.
  const nearestMs = Math.min(Math.max(clockMs, askedMs), Date.now());
  requirePassed(name, checkClock(clockMs - nearestMs));
  requirePassed(name, checkDisk({ disk }));
  const setting = hosts.settingOf(name);
  // A cluster's scheduler starts what has to go on.
  if (!isDetachProven && setting.slurm === undefined) await proveDetached(options, host, node.path);
  foundFitMs.set(host.store, performance.now());
}

/** As `requireFit`, where that was not asked just now over the same connection. */
export async function requireStillFit(options: FitnessOptions, host: OpenHost): Promise<void> {
  const ageMs = performance.now() - (foundFitMs.get(host.store) ?? -Infinity);
  if (ageMs > HOLDS_MS) await requireFit(options, host);
}

async function proveDetached(
  { hosts, bundles, log }: FitnessOptions,
  { name, connection }: OpenHost,
  nodePath: string,
): Promise<void> {
  const setting = hosts.settingOf(name);
  const { outlivesConnection } = await import('../../hosts/test/hostTest');
  requirePassed(
    name,
    checkDetached(await outlivesConnection({ name, setting }, connection, nodePath, { bundles, log })),
  );
  const noting: HostRequestOf<'noteDetached'> = { request: 'noteDetached' };
  await connection.ask(noting, nothingSchema);
}

function requirePassed(host: string, { state, code = 'HOST_FAILED', found, advice = '' }: HostCheck): void {
  if (state === 'failed') throw new HostError(code, { host, step: 'start' }, `${found}. ${advice}`);
}
