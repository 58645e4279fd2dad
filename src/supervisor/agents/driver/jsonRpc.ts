/**
 * One side of a JSON-RPC conversation over lines. Synchronous: what a line says is told before the next one is read, so that the
 * journal has the agent's own order and the runner knows, chunk by chunk, when all of it is safe.
 */
import * as v from 'valibot';
import { parseJsonLine } from './jsonLine';

const idSchema = v.union([v.string(), v.pipe(v.number(), v.finite())]);
export type RpcId = v.InferOutput<typeof idSchema>;

const errorSchema = v.object({ code: v.number(), message: v.string(), data: v.optional(v.unknown()) });
export type RpcError = v.InferOutput<typeof errorSchema>;
export type RpcOutcome = { result: unknown } | { error: RpcError };

const requestSchema = v.object({ id: idSchema, method: v.string(), params: v.optional(v.unknown()) });
const notificationSchema = v.object({
  id: v.optional(v.undefined()),
  method: v.string(),
  params: v.optional(v.unknown()),
});
const responseSchema = v.object({
  id: idSchema,
  method: v.optional(v.undefined()),
  result: v.optional(v.unknown()),
  error: v.optional(errorSchema),
});

/** What the other side wants. */
export type RpcCall =
  { id: RpcId; method: string; params: unknown } | { id: undefined; method: string; params: unknown };

const METHOD_NOT_FOUND = -32601;

export class JsonRpcPeer {
  readonly #write: (line: string) => void;
  readonly #envelope: { jsonrpc?: '2.0' };
  readonly #waiting = new Map<RpcId, (outcome: RpcOutcome) => void>();
  #lastId = 0;

  /** `envelope` is what every message carries: some agents leave the version of the protocol out. */
  constructor(write: (line: string) => void, envelope: { jsonrpc?: '2.0' }) {
    this.#write = write;
    this.#envelope = envelope;
  }

  /** `settle` is called once, while the line that holds the answer is read. */
  request(method: string, params: object, settle: (outcome: RpcOutcome) => void): void {
    const id = ++this.#lastId;
    this.#waiting.set(id, settle);
    this.#send({ id, method, params });
  }

  notify(method: string, params?: object): void {
    this.#send({ method, ...(params === undefined ? {} : { params }) });
  }

  respond(id: RpcId, result: object): void {
    this.#send({ id, result });
  }

  /** Unanswered, the agent would wait for ever. */
  refuse(id: RpcId, method: string): void {
    this.#send({ id, error: { code: METHOD_NOT_FOUND, message: `${method} is not supported` } });
  }

  /** Hands the line to whom it is for: an answer to its request, anything else to `take`. Returns the text that is no message of this protocol. */
  read(line: string, take: (call: RpcCall) => void): string {
    const parsed = parseJsonLine(line);
    if (parsed === undefined) return line;
    const request = v.safeParse(requestSchema, parsed.json);
    const notification = v.safeParse(notificationSchema, parsed.json);
    const response = v.safeParse(responseSchema, parsed.json);
    if (request.success) {
      take({ params: undefined, ...request.output });
    } else if (notification.success) {
      take({ params: undefined, ...notification.output, id: undefined });
    } else if (response.success) {
      const { id, result, error } = response.output;
      const settle = this.#waiting.get(id);
      if (settle === undefined) return line;
      this.#waiting.delete(id);
      settle(error === undefined ? { result } : { error });
    } else {
      return line;
    }
    return parsed.foreign;
  }

  #send(message: object): void {
    this.#write(`${JSON.stringify({ ...this.#envelope, ...message })}\n`);
  }
}

const nestedErrorSchema = v.object({ error: v.object({ message: v.string() }) });
const detailsSchema = v.union([
  v.pipe(
    v.object({ details: v.string() }),
    v.transform((data) => data.details),
  ),
  v.pipe(
    v.object({ message: v.string() }),
    v.transform((data) => data.message),
  ),
]);

/** What an error says to a person: agents hand on the answer of the model's service as JSON in the text, or put the cause beside it. */
export function describeRpcError({ message, data }: RpcError): string {
  const parsed = parseJsonLine(message);
  const nested = v.safeParse(nestedErrorSchema, parsed?.json);
  const details = v.safeParse(detailsSchema, data);
  const text = nested.success ? `${parsed?.foreign ?? ''}${nested.output.error.message}` : message;
  return details.success && details.output !== text ? `${text}: ${details.output}` : text;
}
