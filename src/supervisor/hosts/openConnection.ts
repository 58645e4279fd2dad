import type { Log } from '../../common/log';
import type { ProcessPool } from '../git/processPool';
import { ReconnectingHost } from './reconnectingHost';
import { readHostProgram } from './transport/hostProgramFile';
import { openTransport } from './transport/openTransport';
import type { ReachedHost } from './transport/transportErrors';

/** A host that is not connected yet. */
export async function openConnection(
  host: ReachedHost,
  { bundles, ...options }: { bundles: string; log: Log; attempts?: ProcessPool },
): Promise<ReconnectingHost> {
  const program = await readHostProgram(bundles);
  return new ReconnectingHost({
    name: host.name,
    version: program.version,
    openTransport: async (way) => await openTransport(host, { ...way, bundles, program }),
    ...options,
  });
}
