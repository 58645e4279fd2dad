import { once } from 'node:events';
import { createServer } from 'node:net';
import { CorralError } from '../../storage/errors';

/** Below the ports that systems give out by themselves, above those that programs like. */
const FIRST_PORT = 20_000;
const BLOCKS = 1_000;
const PORTS_A_BLOCK = 10;

/** The first of ten ports for a new session's servers: of no other session, and used by nobody at the moment. */
export async function freePorts(taken: ReadonlySet<number>): Promise<number> {
  const start = Math.floor(Math.random() * BLOCKS); // so that two windows hardly ever choose the same
  for (let step = 0; step < BLOCKS; step++) {
    const port = FIRST_PORT + ((start + step) % BLOCKS) * PORTS_A_BLOCK;
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new CorralError('CONFLICT', 'No port is free for this session.');
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
