import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as v from 'valibot';
import { projectRoot } from '../../support/project';
import type { EventDigest } from '../journals';
import { lineSchema, RESULT_SCHEMAS } from './windowProtocol';
import type { WindowOptions, WindowRequest } from './windowProtocol';

type Result<M extends WindowRequest['method']> = v.InferOutput<(typeof RESULT_SCHEMAS)[M]>;

/** A call that the window answered with an error. */
export class WindowError extends Error {
  /** The code of a CorralError. */
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

/** A window in a process of its own, as its parent sees it. */
export class WindowProcess {
  /** Resolves once start-up knows the state of every run. Rejects if the process ends before. */
  readonly recovered: Promise<void>;
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  #isKilled = false;

  /** `onEvents` gets every acknowledged event; `preload` are scripts that the process runs first. */
  constructor(
    options: Partial<WindowOptions> & { storageDirectory: string },
    onEvents: (sessionId: string, events: EventDigest[]) => void,
    preload: string[] = [],
  ) {
    const all: WindowOptions = {
      bundles: join(projectRoot, 'dist'),
      checkpointEveryMs: 300,
      autoRecover: true,
      ...options,
    };
    const execArgv = preload.flatMap((script) => ['--require', script]);
    this.#child = fork(join(projectRoot, 'out/torture/window/window.js'), [JSON.stringify(all)], {
      execArgv,
      cwd: options.storageDirectory,
    });
    this.recovered = new Promise((resolve, reject) => {
      this.#child.on('message', (message) => {
        const line = v.parse(lineSchema, message);
        if ('recovered' in line) resolve();
        else if ('received' in line) onEvents(line.received.sessionId, line.received.events);
        else this.#settle(line);
      });
      this.#child.on('exit', (code, signal) => {
        const error = new Error(`The window ended (${signal ?? `code ${String(code)}`}).`);
        for (const { reject: refuse } of this.#calls.values()) refuse(error);
        this.#calls.clear();
        reject(error);
      });
    });
    this.recovered.catch(() => undefined);
  }

  /** True from the moment when `kill` was called. */
  get isKilled(): boolean {
    return this.#isKilled;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async call<M extends WindowRequest['method']>(request: WindowRequest & { method: M }): Promise<Result<M>> {
    const result = await new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#calls.set(id, { resolve, reject });
      this.#child.send({ id, request }, (error) => (error === null ? undefined : reject(error)));
    });
    // TypeScript cannot connect the method to its row of the table.
    const schema: v.GenericSchema<unknown, Result<M>> = RESULT_SCHEMAS[request.method];
    return v.parse(schema, result);
  }

  /** Sends SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** Lets the window write its checkpoints and end. */
  async close(): Promise<void> {
    const gone = once(this.#child, 'exit');
    await this.call({ method: 'close' });
    await gone;
  }

  #settle(line: { id: number; result: unknown } | { id: number; error: string; code?: string | undefined }): void {
    const call = this.#calls.get(line.id);
    this.#calls.delete(line.id);
    if ('error' in line) call?.reject(new WindowError(line.error, line.code));
    else call?.resolve(line.result);
  }
}
