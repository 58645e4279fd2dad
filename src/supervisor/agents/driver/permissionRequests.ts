import type { DraftEvent, EventData } from '../../../storage/events';

/** The agent's permission requests that wait for an answer, each with what the driver needs to send that answer. */
export class PermissionRequests<Details> {
  readonly #emit: (event: DraftEvent) => void;
  readonly #waiting = new Map<string, Details>();

  constructor(emit: (event: DraftEvent) => void) {
    this.#emit = emit;
  }

  add(request: EventData<'permission.request'>, details: Details): void {
    this.#waiting.set(request.requestId, details);
    this.#emit({ kind: 'permission.request', data: request });
  }

  get(requestId: string): Details | undefined {
    return this.#waiting.get(requestId);
  }

  /** A person has answered the request. */
  delete(requestId: string): void {
    this.#waiting.delete(requestId);
  }

  /** The agent takes the request back; does nothing for one that is not waiting. */
  withdraw(requestId: string): void {
    if (this.#waiting.delete(requestId))
      this.#emit({ kind: 'permission.answer', data: { requestId, outcome: 'withdrawn' } });
  }

  /** Withdraws every request that `fits`, and returns their details. */
  withdrawAll(fits: (details: Details) => boolean = () => true): Details[] {
    const withdrawn = [...this.#waiting].filter(([, details]) => fits(details));
    for (const [requestId] of withdrawn) this.withdraw(requestId);
    return withdrawn.map(([, details]) => details);
  }
}
