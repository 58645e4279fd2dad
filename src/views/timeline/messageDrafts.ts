import type { PromptRequest } from '../../protocol/promptProtocol';
import type { SessionSummary } from '../../supervisor/api';
import type { PromptHost, PromptPlace } from '../composer/promptHost';
import type { TimelineSource } from './timelineSource';

/** Messages that arrow up can bring back. */
const MAX_HISTORY = 100;

/** What is written to the agent of one session, and what goes with it. */
export class MessageDrafts {
  readonly #source: TimelineSource;
  readonly #sessionId: string;
  readonly #prompts: () => Promise<PromptHost>;

  /** `prompts` is loaded when a message box is first shown. */
  constructor(source: TimelineSource, sessionId: string, prompts: () => Promise<PromptHost>) {
    this.#source = source;
    this.#sessionId = sessionId;
    this.#prompts = prompts;
  }

  /** Rejects with a sentence for a person. */
  async perform(request: PromptRequest): Promise<unknown> {
    const prompts = await this.#prompts();
    return await prompts.perform(request, this.#placeOf(await this.#source.getSession(this.#sessionId)));
  }

  /** Sends a text with what is attached, which stays attached where that fails. */
  async send(text: string): Promise<void> {
    const { drafts } = await this.#prompts();
    const sent = { ...drafts.read(this.#key), text };
    const attachments = sent.attachments.map(({ path, name }) => ({ path, name }));
    await this.#source.sendMessage(this.#sessionId, text, { attachments });
    await drafts.clear(this.#key, sent);
  }

  get #key(): string {
    return `session ${this.#sessionId}`;
  }

  #placeOf({ agent, repository, worktreePath }: SessionSummary): PromptPlace {
    // A worktree on another host has the repository's files.
    return {
      key: this.#key,
      folder: worktreePath === '' ? repository : worktreePath,
      commands: async () => (await this.#source.agentOffers(agent, repository).catch(() => undefined))?.commands ?? [],
      history: async () => {
        const said = await this.#source.getConversation(this.#sessionId);
        const texts = said.flatMap(({ role, content }) => (role === 'user' ? [content] : []));
        return [...new Set(texts.reverse())].slice(0, MAX_HISTORY);
      },
    };
  }
}
