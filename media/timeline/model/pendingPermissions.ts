import type { TimelineParameters, TimelineSession } from '../../../src/protocol/timelineProtocol';

/** Agents number their requests anew in each run, so a request is known by its run and its number. */
export interface PermissionId {
  runId: string;
  requestId: string;
}

/** What is chosen of a question's options, and what is said in other words. */
export interface GivenAnswer {
  chosen: readonly string[];
  other: string;
}

/** An answer that is not sent yet. It outlives its card, which goes when its row is scrolled away. */
export interface AnswerDraft {
  answers: readonly GivenAnswer[];
  /** Why it is denied; undefined until a person wants to say it. */
  reason?: string | undefined;
}

export interface PendingPermissionsContext {
  session: () => TimelineSession | undefined;
  /** Never rejects. */
  send: (answer: TimelineParameters<'answer'>) => Promise<unknown>;
  changed: () => void;
}

const NO_DRAFT: AnswerDraft = { answers: [] };

/** Which permission requests wait for an answer, and which are being answered from this page. */
export class PendingPermissions {
  readonly #context: PendingPermissionsContext;
  readonly #answering = new Set<string>();
  readonly #drafts = new Map<string, AnswerDraft>();

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

  draftOf(permission: PermissionId): AnswerDraft {
    return this.#drafts.get(keyOf(permission)) ?? NO_DRAFT;
  }

  setDraft(permission: PermissionId, draft: AnswerDraft): void {
    this.#drafts.set(keyOf(permission), draft);
    this.#context.changed();
  }

  async answer(
    permission: PermissionId,
    answer: Omit<TimelineParameters<'answer'>, keyof PermissionId>,
  ): Promise<void> {
    this.#answering.add(keyOf(permission));
    this.#context.changed();
    await this.#context.send({ ...permission, ...answer });
    this.#answering.delete(keyOf(permission));
    this.#context.changed();
  }
}

function keyOf({ runId, requestId }: PermissionId): string {
  return `${runId} ${requestId}`;
}
