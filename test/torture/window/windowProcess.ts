/** The parent's side of a window. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as v from 'valibot';
import { projectRoot } from '../../support/project';
import type { Mark } from '../journals';
import { lineSchema, RESULT_SCHEMAS } from './windowProtocol';
import type { WindowOptions, WindowRequest } from './windowProtocol';

type Result<M extends WindowRequest['method']> = v.InferOutput<(typeof RESULT_SCHEMAS)[M]>;

export class WindowProcess {
  /** Settles at the end of start-up, with every run's fate known. Rejects where the process ends before. */
  readonly recovered: Promise<void>;
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #lastId = 0;

  /** `onHeard` is told every acknowledged event; `preload` is a script that the process runs first. */
  constructor(
    options: Partial<WindowOptions> & { storageDirectory: string },
    onHeard: (sessionId: string, marks: Mark[]) => void,
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
        else if ('heard' in line) onHeard(line.heard.sessionId, line.heard.marks);
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

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async call<M extends WindowRequest['method']>(request: WindowRequest & { method: M }): Promise<Result<M>> {
    const result = await new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#calls.set(id, { resolve, reject });
      this.#child.send({ id, request }, (error) => (error === null ? undefined : reject(error)));
    });
    const schema: v.GenericSchema<unknown, Result<M>> = RESULT_SCHEMAS[request.method]; // TypeScript does not follow the table
    return v.parse(schema, result);
  }

  /** SIGKILL; settles when the process is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** A checkpoint, then a clean end. */
  async close(): Promise<void> {
    const gone = once(this.#child, 'exit');
    await this.call({ method: 'close' });
    await gone;
  }

  #settle(line: { id: number; result: unknown } | { id: number; error: string }): void {
    const call = this.#calls.get(line.id);
    this.#calls.delete(line.id);
    if ('error' in line) call?.reject(new Error(line.error));
    else call?.resolve(line.result);
  }
}
