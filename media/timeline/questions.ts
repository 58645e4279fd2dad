import type { TimelineParameters, TimelineSession } from '../../src/protocol/timelineProtocol';

/** A question of an agent. Agents number their questions anew in each run, so the number alone does not name it. */
interface Question {
  runId: string;
  requestId: string;
}

export interface QuestionsOptions {
  session: () => TimelineSession | undefined;
  /** Does not reject. */
  send: (answer: TimelineParameters<'answer'>) => Promise<unknown>;
  changed: () => void;
}

/** Which of the agent's questions are open, and which are just being answered from this page. */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #answering = new Set<string>();

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  isOpen({ runId, requestId }: Question): boolean {
    const session = this.#options.session();
    return (
      session?.currentRunId === runId && session.pendingPermissions.some((pending) => pending.requestId === requestId)
    );
  }

  isBeingAnswered(question: Question): boolean {
    return this.#answering.has(keyOf(question));
  }

  async answer(question: Question, optionId: string): Promise<void> {
    this.#answering.add(keyOf(question));
    this.#options.changed();
    await this.#options.send({ ...question, optionId });
    this.#answering.delete(keyOf(question));
    this.#options.changed();
  }
}

function keyOf({ runId, requestId }: Question): string {
  return `${runId} ${requestId}`;
}
