import type { TimelineParameters, TimelineSession } from '../../../src/protocol/timelineProtocol';

/** Agents number their requests anew in each run, so a request is known by its run and its number. */
interface PermissionId {
  runId: string;
  requestId: string;
}

export interface PendingPermissionsContext {
  session: () => TimelineSession | undefined;
  /** Never rejects. */
  send: (answer: TimelineParameters<'answer'>) => Promise<unknown>;
  changed: () => void;
}

/** Which permission requests wait for an answer, and which are being answered from this page. */
export class PendingPermissions {
  readonly #context: PendingPermissionsContext;
  readonly #answering = new Set<string>();

  constructor(context: PendingPermissionsContext) {
    this.#context = context;
  }

  isPending({ runId, requestId }: PermissionId): boolean {
    const session = this.#context.session();
    return (
      session?.currentRunId === runId && session.pendingPermissions.some((pending) => pending.requestId === requestId)
    );
  }

  isBeingAnswered(permission: PermissionId): boolean {
    return this.#answering.has(keyOf(permission));
  }

  async answer(permission: PermissionId, optionId: string): Promise<void> {
    this.#answering.add(keyOf(permission));
    this.#context.changed();
    await this.#context.send({ ...permission, optionId });
    this.#answering.delete(keyOf(permission));
    this.#context.changed();
  }
}

function keyOf({ runId, requestId }: PermissionId): string {
  return `${runId} ${requestId}`;
}
