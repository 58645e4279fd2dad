import type { Log } from '../../common/log';
import { ReconnectingHost } from './reconnectingHost';
import { readHostProgram } from './transport/hostProgramFile';
import { openTransport } from './transport/openTransport';
import type { ReachedHost } from './transport/transportErrors';

/** A host that is not connected yet. */
export async function openConnection(
  host: ReachedHost,
  { bundles, log }: { bundles: string; log: Log },
): Promise<ReconnectingHost> {
  const program = await readHostProgram(bundles);
  return new ReconnectingHost({
    name: host.name,
    version: program.version,
    openTransport: async (options) => await openTransport(host, { ...options, bundles, program }),
    log,
  });
}
