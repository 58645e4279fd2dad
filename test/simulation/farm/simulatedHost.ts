import type { Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { ChannelError, type Channel } from '../../../src/common/channels/channel';
import { Multiplexer } from '../../../src/common/channels/multiplexer';
import {
  decodeJson,
  encodeJson,
  HOST_CAPABILITIES,
  HOST_PROTOCOL_VERSION,
  hostRequestSchema,
  type HostRequest,
} from '../../../src/supervisor/hostProtocol/hostProtocol';
import { serveRunner } from './runnerEndpoint';
import { SimulatedRun } from './simulatedRun';

const DISK_BYTES = 1e12;

/** A host that speaks as `corral-host.js serve` does. It has no disk and no Git. */
export class SimulatedHost {
  readonly name: string;
  readonly runs = new Map<string, SimulatedRun>();
  readonly #links = new Set<Multiplexer>();
  isDown = false;

  constructor(name: string) {
    this.name = name;
  }

  get connections(): number {
    return this.#links.size;
  }

  accept(socket: Socket): void {
    const link = new Multiplexer({
      input: socket,
      output: socket,
      side: 'host',
      onChannel: (channel) => this.#answer(channel),
    });
    this.#links.add(link);
    void link.closed.then(() => {
      this.#links.delete(link);
      socket.destroy();
    });
  }

  cutOff(): void {
    this.isDown = true;
    for (const link of this.#links) link.close();
  }

  #answer(channel: Channel): void {
    const request = decodeJson(hostRequestSchema, channel.request);
    try {
      if (request === undefined) throw new ChannelError('INVALID_REQUEST', 'The request has not the expected form');
      if (request.request === 'tail') this.#tail(channel, request);
      else if (request.request === 'connect') serveRunner(channel, this.#runAt(String(request.endpoint)));
      else {
        channel.resume();
        channel.end(encodeJson(this.#valueFor(request)));
      }
    } catch (error) {
      channel.destroy(error as Error);
    }
  }

  #valueFor(request: HostRequest): unknown {
    switch (request.request) {
      case 'hello':
        return { protocol: HOST_PROTOCOL_VERSION, version: 'simulated', capabilities: HOST_CAPABILITIES };
      case 'openStore':
        return { root: '/simulated', machineId: this.name };
      case 'fitness':
        return {
          clockMs: Date.now(),
          disk: { bytes: DISK_BYTES, freeBytes: DISK_BYTES },
          node: { path: process.execPath, version: process.versions.node },
          isDetachProven: true,
        };
      case 'startRun': {
        const { runId } = request.run;
        const run = this.runs.get(runId) ?? new SimulatedRun(request.run);
        this.runs.set(runId, run);
        return run.found;
      }
      case 'findRun':
        return (
          this.runs.get(request.runId)?.found ?? {
            claim: null,
            liveness: 'dead',
            folder: '/simulated',
            journalBytes: 0,
          }
        );
      case 'stat': {
        const { run, name } = this.#fileAt(request.path);
        const bytes = run.isOver === name.endsWith('.gz') ? fileOf(run, name) : undefined;
        return bytes === undefined
          ? null
          : { kind: 'file', sizeBytes: bytes.length, modifiedMs: 0, inode: `${run.runId}/${name}` };
      }
      default:
        throw new ChannelError('FAILED', `A simulated host does not know ${request.request}`);
    }
  }

  #tail(channel: Channel, { path, offset }: Extract<HostRequest, { request: 'tail' }>): void {
    channel.resume();
    const { run, name } = this.#fileAt(path);
    if (name !== 'events.jsonl') {
      if (!name.endsWith('.gz')) run.changed.on('changed', () => run.isOver && channel.end());
      channel.write(fileOf(run, name).subarray(offset));
      return;
    }
    const closed = new AbortController();
    channel.once('close', () => closed.abort());
    pipeline(Readable.from(run.tail(offset, closed.signal), { objectMode: false }), channel, () => undefined);
  }

  #runAt(path: string): SimulatedRun {
    return this.#fileAt(path).run;
  }

  #fileAt(path: string): { run: SimulatedRun; name: string } {
    const [, , runId = '', name = ''] = path.split('/');
    const run = this.runs.get(runId);
    if (run === undefined) throw new ChannelError('NOT_FOUND', `There is no ${path}`);
    return { run, name };
  }
}

function fileOf(run: SimulatedRun, name: string): Buffer {
  return name.endsWith('.gz') ? run.compressedOutput : run.output;
}
