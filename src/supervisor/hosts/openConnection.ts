import type { Log } from '../../common/log';
import { ReconnectingHost } from './reconnectingHost';
import { readHostProgram } from './transport/hostProgramFile';
import { openTransport } from './transport/openTransport';
import type { ReachedHost } from './transport/transportErrors';

/** A host that is not connected yet. ssh asks a person only where `mayAsk` says so. */
export async function openConnection(
  host: ReachedHost,
  { bundles, log, mayAsk = false }: { bundles: string; log: Log; mayAsk?: boolean },
): Promise<ReconnectingHost> {
  const program = await readHostProgram(bundles);
  return new ReconnectingHost({
    name: host.name,
    version: program.version,
    openTransport: async (options) => await openTransport(host, { ...options, mayAsk, program }),
    log,
  });
}
