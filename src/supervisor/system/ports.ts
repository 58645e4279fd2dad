import { once } from 'node:events';
import { createServer } from 'node:net';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';

/** Below the ports that systems give out by themselves, and above the usual ones of programs. */
const FIRST_PORT = 20_000;
const BLOCKS = 1_000;
const PORTS_A_BLOCK = 10;

/**
 * The first of ten ports for a new session's servers. No other session has it, and nothing listens on it now.
 * @throws CONFLICT where there is none
 */
export async function freePorts(taken: ReadonlySet<number>): Promise<number> {
  const start = Math.floor(Math.random() * BLOCKS); // two windows hardly ever choose the same
  for (let step = 0; step < BLOCKS; step++) {
    const port = FIRST_PORT + ((start + step) % BLOCKS) * PORTS_A_BLOCK;
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new CorralError(
    'CONFLICT',
    l10n.t('No port is free for this session. Delete sessions that you no longer need.'),
  );
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: 'localhost', exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
