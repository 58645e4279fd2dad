import type { TimelineParameters, TimelineSession } from '../../src/protocol/timelineProtocol';

/** A question of an agent. Agents number their questions anew in each run, so the number alone does not name it. */
interface PermissionId {
  runId: string;
  requestId: string;
}

export interface PendingPermissionsContext {
  session: () => TimelineSession | undefined;
  /** Does not reject. */
  send: (answer: TimelineParameters<'answer'>) => Promise<unknown>;
  changed: () => void;
}

/** Which of the agent's questions are open, and which are just being answered from this page. */
export class PendingPermissions {
  readonly #options: PendingPermissionsContext;
  readonly #answering = new Set<string>();

  constructor(options: PendingPermissionsContext) {
    this.#options = options;
  }

  isPending({ runId, requestId }: PermissionId): boolean {
    const session = this.#options.session();
    return (
      session?.currentRunId === runId && session.pendingPermissions.some((pending) => pending.requestId === requestId)
    );
  }

  isBeingAnswered(question: PermissionId): boolean {
    return this.#answering.has(keyOf(question));
  }

  async answer(question: PermissionId, optionId: string): Promise<void> {
    this.#answering.add(keyOf(question));
    this.#options.changed();
    await this.#options.send({ ...question, optionId });
    this.#answering.delete(keyOf(question));
    this.#options.changed();
  }
}

function keyOf({ runId, requestId }: PermissionId): string {
  return `${runId} ${requestId}`;
}
