/** A process that is many hosts. Whoever connects names one of them, and what it would run there. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import * as v from 'valibot';
import {
  farmOptionsSchema,
  farmRequestSchema,
  type FarmReport,
  type FarmRequest,
  type RunDigest,
} from './farmProtocol';
import { SimulatedHost } from './simulatedHost';
import type { SimulatedRun } from './simulatedRun';

/** How often runs speak, so that many of them need few timers. */
const TICK_MS = 20;
const MAX_GREETING_BYTES = 64 * 1024;

const { hosts: names } = v.parse(farmOptionsSchema, JSON.parse(process.argv[2] ?? ''));
const hosts = new Map(names.map((name) => [name, new SimulatedHost(name)]));
let eventsPerSecond = 0;

/** The first line of a connection: the host's name and the text that its shell would run. */
function greet(socket: Socket): void {
  let greeting = Buffer.alloc(0);
  const read = (chunk: Buffer): void => {
    greeting = Buffer.concat([greeting, chunk]);
    const end = greeting.indexOf('\n');
    if (end === -1 && greeting.length <= MAX_GREETING_BYTES) return;
    socket.off('data', read).pause();
    const [name = '', ...command] = greeting.toString('utf8', 0, end).split(' ');
    const script = Buffer.from(/echo (\S+) \|/.exec(command.join(' '))?.[1] ?? '', 'base64').toString('utf8');
    const mark = /^m=(\S+)/m.exec(script)?.[1];
    const host = hosts.get(name);
    if (host === undefined || host.isDown || mark === undefined) return void socket.destroy();
    socket.write(`${mark} ready /simulated/node\n`);
    socket.unshift(greeting.subarray(end + 1));
    host.accept(socket);
  };
  socket.on('data', read);
  socket.on('error', () => undefined);
}

function runs(): SimulatedRun[] {
  return [...hosts.values()].flatMap((host) => [...host.runs.values()]);
}

let turn = 0;
let due = 0;
function speak(): void {
  const all = runs().filter((run) => !run.isOver);
  due += (eventsPerSecond * TICK_MS) / 1_000;
  for (; due >= 1; due--) all[turn++ % Math.max(1, all.length)]?.say();
}

function perform(request: FarmRequest): void {
  switch (request.order) {
    case 'speak':
      eventsPerSecond = request.eventsPerSecond;
      return;
    case 'cut':
      for (const host of [...hosts.values()].slice(0, request.hosts)) host.cutOff();
      return;
    case 'comeBack':
      for (const host of hosts.values()) host.isDown = false;
      return;
    case 'end':
      for (const run of runs()) run.end();
      return;
    case 'report':
      report();
      return;
    case 'reportRuns':
      report(runs().map((run) => run.digest));
  }
}

function report(digests?: RunDigest[]): void {
  const all = runs();
  process.send?.({
    port: (server.address() as AddressInfo).port,
    connections: [...hosts.values()].reduce((sum, host) => sum + host.connections, 0),
    events: all.reduce((sum, run) => sum + run.seq, 0),
    startedRuns: all.length,
    ...(digests === undefined ? {} : { runs: digests }),
  } satisfies FarmReport);
}

const server = createServer({ noDelay: true }, greet).listen(0, '127.0.0.1');
void once(server, 'listening').then(() => report());
setInterval(speak, TICK_MS);
process.on('message', (message) => perform(v.parse(farmRequestSchema, message)));
process.on('disconnect', () => process.exit());
