/**
 * One side of a JSON-RPC conversation over lines. It works synchronously, so that the journal keeps the agent's order
 * and the runner knows after each chunk of output that all of it was handled.
 */
import * as v from 'valibot';
import { parseJsonLine } from './jsonLine';
import { refusalText } from './permissionRequests';

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

/** A request of the other side, or a notification where `id` is undefined. */
export type RpcCall =
  { id: RpcId; method: string; params: unknown } | { id: undefined; method: string; params: unknown };

const METHOD_NOT_FOUND = -32601;

export class JsonRpcPeer {
  readonly #write: (line: string) => void;
  readonly #envelope: { jsonrpc?: '2.0' };
  readonly #waiting = new Map<RpcId, (outcome: RpcOutcome) => void>();
  #lastId = 0;

  /** `envelope` is part of every message: some agents leave out the protocol's version. */
  constructor(write: (line: string) => void, envelope: { jsonrpc?: '2.0' }) {
    this.#write = write;
    this.#envelope = envelope;
  }

  /** `settle` is called once, while the line with the response is read. */
  request(method: string, params: object, settle: (outcome: RpcOutcome) => void): void {
    const id = ++this.#lastId;
    this.#waiting.set(id, settle);
    this.#send({ id, method, params });
  }

  /** Like `request`, for a result that has to fit `schema`. `onFailure` gets the reason as the end of a sentence. */
  requestParsed<S extends v.GenericSchema>(
    method: string,
    params: object,
    schema: S,
    onResult: (result: v.InferOutput<S>) => void,
    onFailure: (reason: string) => void,
  ): void {
    this.request(method, params, (outcome) => {
      if ('error' in outcome) return onFailure(describeRpcError(outcome.error));
      const result = v.safeParse(schema, outcome.result);
      if (result.success) onResult(result.output);
      else onFailure(`it answered ${method} with something else than expected`);
    });
  }

  notify(method: string, params?: object): void {
    this.#send({ method, ...(params === undefined ? {} : { params }) });
  }

  respond(id: RpcId, result: object): void {
    this.#send({ id, result });
  }

  /** Answers a request that is not supported. Without an answer the agent would wait for ever. */
  refuse(id: RpcId, method: string): void {
    this.#send({ id, error: { code: METHOD_NOT_FOUND, message: refusalText(method) } });
  }

  /**
   * Reads a line: a response settles its request, any other message goes to `onCall`. Returns the text of the line that
   * belongs to no message.
   */
  read(line: string, onCall: (call: RpcCall) => void): string {
    const parsed = parseJsonLine(line);
    if (parsed === undefined) return line;
    const request = v.safeParse(requestSchema, parsed.json);
    const notification = v.safeParse(notificationSchema, parsed.json);
    const response = v.safeParse(responseSchema, parsed.json);
    if (request.success) {
      onCall({ params: undefined, ...request.output });
    } else if (notification.success) {
      onCall({ params: undefined, ...notification.output, id: undefined });
    } else if (response.success) {
      const { id, result, error } = response.output;
      const settle = this.#waiting.get(id);
      if (settle === undefined) return line;
      this.#waiting.delete(id);
      settle(error === undefined ? { result } : { error });
    } else {
      return line;
    }
    return parsed.leadingText;
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

/** An error for people. Agents put the model service's answer into `message` as JSON, or the cause into `data`. */
export function describeRpcError({ message, data }: Pick<RpcError, 'message' | 'data'>): string {
  const parsed = parseJsonLine(message);
  const nested = v.safeParse(nestedErrorSchema, parsed?.json);
  const details = v.safeParse(detailsSchema, data);
  const text = nested.success ? `${parsed?.leadingText ?? ''}${nested.output.error.message}` : message;
  return details.success && details.output !== text ? `${text}: ${details.output}` : text;
}
