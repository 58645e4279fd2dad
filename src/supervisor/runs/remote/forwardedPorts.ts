import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { pipeline, type Duplex } from 'node:stream';
import type { Disposable } from '../../../common/disposable';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { currentRun } from '../../../storage/sessionState';
import type { ForwardedPort } from '../../hosts/hostsApi';
import { findRun } from './hostRuns';
import type { HostStores } from './hostStores';
import { connectToRun } from './jobs/nodeStreams';

const LOOPBACK = '127.0.0.1';

/** The ports of sessions on hosts that can be reached on this computer. */
export class ForwardedPorts implements Disposable {
  readonly #open = new Map<string, Promise<ForwardedPort>>();

  /** `connect` makes a connection to the port there. The same number is taken here, where that is free. */
  async forward(sessionId: string, port: number, connect: () => Promise<Duplex>): Promise<ForwardedPort> {
    const key = `${sessionId} ${String(port)}`;
    const known = this.#open.get(key);
    if (known !== undefined) return await known;
    const opening = this.#forward({ sessionId, port, key }, connect);
    this.#open.set(key, opening);
    opening.catch(() => this.#open.delete(key));
    return await opening;
  }

  async #forward(
    { sessionId, port, key }: { sessionId: string; port: number; key: string },
    connect: () => Promise<Duplex>,
  ): Promise<ForwardedPort> {
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      void join(socket, connect);
    });
    await listen(server, port).catch(async () => await listen(server, 0));
    return {
      sessionId,
      port,
      localPort: (server.address() as AddressInfo).port,
      dispose: () => {
        this.#open.delete(key);
        server.close();
        for (const socket of sockets) socket.destroy();
      },
    };
  }

  dispose(): void {
    for (const opening of this.#open.values()) opening.then((each) => each.dispose()).catch(() => undefined);
  }
}

/** Connects to a port of the loopback where the session's run is. Throws as `HostStores.require`. */
export async function connectPort(
  { stores, storeId }: { stores: HostStores; storeId: string },
  facts: SessionFacts,
  port: number,
): Promise<Duplex> {
  const host = await stores.require(facts);
  const run = currentRun(facts);
  const isJob = facts.host?.kind === 'slurm' && run !== undefined;
  const found = isJob ? await findRun(host, { storeId, sessionId: facts.sessionId, runId: run.runId }) : {};
  return await connectToRun(host.connection, found, port);
}

async function join(socket: Socket, connect: () => Promise<Duplex>): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    const there = await connect();
    pipeline(there, socket, () => there.destroy());
    pipeline(socket, there, () => undefined);
    socket.resume();
  } catch {
    socket.destroy(); // nothing listens there, as it would be told here
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen({ port, host: LOOPBACK });
  await once(server, 'listening');
}
