import { visibleLine } from '../../../common/visibleText';
import type { DraftEvent, EventData, PermissionOption } from '../../../storage/events';

/** An option, and the response to the agent that it stands for. */
export interface AnswerChoice<Response> {
  option: PermissionOption;
  response: Response;
}

/** The `answerOption` of all requests that take answers to questions. */
export const ANSWER_OPTION = 'answer';

/** Longer than any name that helps a person. */
const MAX_OPTION_CHARACTERS = 300;

/** What a driver asks a person; `title` and the options' names are as the agent gave them. */
export type PermissionQuestion = Omit<EventData<'permission.request'>, 'isWhole'> & {
  /** False where the title leaves out some of what would be done. */
  isWhole: boolean;
};

/** The agent's permission requests that wait for an answer, each with what the driver needs to send that answer. */
export class PermissionRequests<Details> {
  readonly #emit: (event: DraftEvent) => void;
  readonly #waiting = new Map<string, Details>();

  constructor(emit: (event: DraftEvent) => void) {
    this.#emit = emit;
  }

  add({ isWhole, ...question }: PermissionQuestion, details: Details): void {
    // An id that is used again is another question: an answer to the first must not count for it.
    this.withdraw(question.requestId);
    this.#waiting.set(question.requestId, details);
    const line = visibleLine(question.title);
    const names = question.options.map(({ name }) => visibleLine(name, MAX_OPTION_CHARACTERS));
    const data = {
      ...question,
      title: line.text,
      options: question.options.map((option, index) => ({ ...option, name: names[index]?.text ?? '' })),
      ...(isWhole && [line, ...names].every(({ isExact }) => isExact) ? { isWhole: true } : {}),
    };
    this.#emit({ kind: 'permission.request', data });
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

/** Said to the agent whose request no driver knows: Corral refuses it in its own name, for no person was asked. */
export function refusalText(what: string): string {
  return `Corral does not know the request “${what}” and refused it. The user was not asked and has not decided anything.`;
}

/** Told to people. */
export function refusedRequest(what: string): DraftEvent {
  const message = `The agent asked “${what}”, which Corral cannot answer. Corral refused it; you were not asked.`;
  return { kind: 'error', data: { message, code: 'REQUEST_REFUSED' } };
}
