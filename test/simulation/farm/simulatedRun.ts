import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { gzipSync } from 'node:zlib';
import type { DraftEvent } from '../../../src/storage/events';
import { encodeRecord } from '../../../src/storage/journal/journalRecord';
import type { FoundRun, HostRun } from '../../../src/supervisor/hostProtocol/sessionRequests';
import { PROTOCOL_VERSION, type RunnerClaim } from '../../../src/supervisor/runnerProtocol/protocol';
import type { RunDigest } from './farmProtocol';

const OUTPUT = Buffer.from('A line that the agent printed.\n');
const TEXT = 'The agent says what it has changed and why, as agents do when they have time for that. '.repeat(3);

/** A run whose runner and agent are played: its journal is kept in memory. */
export class SimulatedRun {
  readonly runId: string;
  readonly nonce: string;
  readonly folder: string;
  readonly output = OUTPUT;
  readonly compressedOutput = gzipSync(OUTPUT);
  readonly changed = new EventEmitter();
  readonly #identity = { host: 'simulated', boot: '1', pidNamespace: '', pid: 1, startTime: '1' };
  #lines: Buffer[] = [];
  #bytes = 0;
  #seq = 0;
  isOver = false;

  constructor(run: HostRun) {
    this.runId = run.runId;
    this.nonce = run.nonce;
    this.folder = `/simulated/${run.runId}`;
    this.changed.setMaxListeners(0);
    this.append({
      kind: 'run.started',
      data: { ordinal: run.ordinal, agent: run.agent, driver: 'command', argv: ['agent'], cwd: '/simulated' },
    });
    this.append({ kind: 'turn.started', data: { turn: 1 } });
  }

  get found(): FoundRun {
    const claim: RunnerClaim = {
      state: 'claimed',
      protocol: PROTOCOL_VERSION,
      runner: this.#identity,
      endpoint: `${this.folder}/socket`,
    };
    return { claim, liveness: this.isOver ? 'dead' : 'alive', folder: this.folder, journalBytes: this.#bytes };
  }

  get seq(): number {
    return this.#seq;
  }

  get status(): object {
    return {
      protocol: PROTOCOL_VERSION,
      runner: this.#identity,
      lastSeq: this.#seq,
      journalBytes: this.#bytes,
      methods: [],
    };
  }

  get digest(): RunDigest {
    const hash = createHash('sha256');
    for (const line of this.#lines) hash.update(line);
    return { runId: this.runId, events: this.#seq, sha256: hash.digest('hex') };
  }

  say(): void {
    if (!this.isOver) this.append({ kind: 'message', data: { role: 'assistant', text: TEXT } });
  }

  end(): void {
    if (this.isOver) return;
    this.append({ kind: 'turn.ended', data: { turn: 1, stopReason: 'end_turn', failed: false } });
    this.isOver = true;
    this.append({
      kind: 'run.exited',
      data: { outcome: 'completed', exitCode: 0, signal: null, reason: 'Completed' },
    });
  }

  append(event: DraftEvent): void {
    this.#seq++;
    const line = encodeRecord({ seq: this.#seq, timestamp: new Date().toISOString(), ...event });
    this.#lines.push(line);
    this.#bytes += line.length;
    this.changed.emit('changed');
  }

  /** The journal's bytes from an offset on, and what is appended, until nobody reads it any more. */
  async *tail(offset: number, signal: AbortSignal): AsyncGenerator<Buffer> {
    let next = 0;
    for (let start = 0; next < this.#lines.length; next++) {
      const line = this.#lines[next] ?? Buffer.alloc(0);
      if (start + line.length > offset) {
        yield line.subarray(Math.max(0, offset - start));
        next++;
        break;
      }
      start += line.length;
    }
    while (!signal.aborted) {
      const lines = this.#lines.slice(next);
      next += lines.length;
      if (lines.length > 0) yield Buffer.concat(lines);
      else await once(this.changed, 'changed', { signal });
    }
  }
}
