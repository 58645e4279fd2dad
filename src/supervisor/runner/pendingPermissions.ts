import { CorralError } from '../../storage/errors';
import type { DraftEvent, EventData } from '../../storage/events';
import type { RequestParameters } from '../runnerProtocol/protocol';

/** The agent's permission requests that wait for an answer. The first answer counts, whoever gives it. */
export class PendingPermissions {
  readonly #open = new Map<string, EventData<'permission.request'>>();
  readonly #closed = new Set<string>();

  get openCount(): number {
    return this.#open.size;
  }

  /** Sees every event that is journalled. */
  observe(event: DraftEvent): void {
    if (event.kind === 'permission.request') {
      this.#open.set(event.data.requestId, event.data);
    } else if (event.kind === 'permission.answer') {
      this.#open.delete(event.data.requestId);
      this.#closed.add(event.data.requestId);
    }
  }

  /**
   * The event of this answer.
   * @throws CorralError ALREADY_ANSWERED, PERMISSION_NOT_FOUND, or INVALID_ARGUMENT for an option that was not offered
   */
  decide({
    requestId,
    optionId,
    message,
    answers,
  }: RequestParameters<'answerPermission'>): EventData<'permission.answer'> {
    const request = this.#open.get(requestId);
    if (request === undefined) {
      if (this.#closed.has(requestId)) throw new CorralError('ALREADY_ANSWERED', 'This question was answered already');
      throw new CorralError('PERMISSION_NOT_FOUND', 'The agent asks no such question');
    }
    if (optionId === request.answerOption) {
      if (!answers?.some((said) => said.some((words) => words.trim() !== '')))
        throw new CorralError('INVALID_ARGUMENT', 'This question needs an answer in words or options');
      return { requestId, outcome: 'allowed', optionId, answers };
    }
    const option = request.options.find((candidate) => candidate.optionId === optionId);
    if (option === undefined) throw new CorralError('INVALID_ARGUMENT', `“${optionId}” is no answer to this question`);
    return {
      requestId,
      outcome: option.kind.startsWith('allow') ? 'allowed' : 'denied',
      optionId,
      ...(message === undefined ? {} : { message }),
    };
  }
}
