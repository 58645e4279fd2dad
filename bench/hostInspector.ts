/** Reads values from a running extension host through Node's inspector, so that the extension needs no code for it. */
import { once } from 'node:events';
import * as v from 'valibot';
import { waitFor } from '../test/support/wait';

/** Node's inspector listens here after SIGUSR1. */
const ADDRESS = 'http://127.0.0.1:9229/json/list';
const targetsSchema = v.pipe(
  v.array(v.object({ webSocketDebuggerUrl: v.string() })),
  v.transform((targets) => targets[0]?.webSocketDebuggerUrl),
);
const replySchema = v.object({ id: v.number(), result: v.unknown() });
const evaluatedSchema = v.object({
  result: v.object({ value: v.unknown() }),
  exceptionDetails: v.optional(v.unknown()),
});

export class HostInspector {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, (result: unknown) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const reply = v.safeParse(v.pipe(v.string(), v.parseJson(), replySchema), data);
      if (!reply.success) return; // an event of the inspector, not a reply
      this.#pending.get(reply.output.id)?.(reply.output.result);
      this.#pending.delete(reply.output.id);
    });
  }

  /** Works with the extension host, and lets go of it: the inspectors of all processes listen on one port. */
  static async use<T>(pid: number, work: (inspector: HostInspector) => Promise<T>): Promise<T> {
    const inspector = await HostInspector.#attach(pid);
    try {
      return await work(inspector);
    } finally {
      await inspector.#letGo();
    }
  }

  static async #attach(pid: number): Promise<HostInspector> {
    process.kill(pid, 'SIGUSR1');
    const address = await waitFor(async () => v.parse(targetsSchema, await (await fetch(ADDRESS)).json()), {
      what: 'the inspector of the extension host',
    });
    const socket = new WebSocket(address);
    await once(socket, 'open');
    const inspector = new HostInspector(socket);
    if ((await inspector.evaluate('process.pid')) !== pid)
      throw new Error('Another process has the port of the inspector.');
    return inspector;
  }

  /** Calls a method of the inspector's protocol. */
  async #call(method: string, parameters: object): Promise<unknown> {
    const id = ++this.#lastId;
    return await new Promise((resolve) => {
      this.#pending.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params: parameters }));
    });
  }

  /** Evaluates an expression and waits for its promise. */
  async evaluate(expression: string): Promise<unknown> {
    const reply = await this.#call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    const { result, exceptionDetails } = v.parse(evaluatedSchema, reply);
    if (exceptionDetails !== undefined)
      throw new Error(`The extension host failed: ${JSON.stringify(exceptionDetails)}`);
    return result.value;
  }

  async #letGo(): Promise<void> {
    // It ends when nobody is connected any more.
    await this.evaluate("setTimeout(() => process.getBuiltinModule('node:inspector').close(), 100).hasRef()");
    this.#socket.close();
    await waitFor(
      async () =>
        await fetch(ADDRESS).then(
          () => undefined,
          () => true,
        ),
      { what: 'the end of the inspector' },
    );
  }
}
