import * as v from 'valibot';
import { messageOf } from '../../common/errors';
import { COMPOSER_PARTS, composerRequestSchema } from '../../protocol/composerProtocol';
import type {
  ComposerMessage,
  ComposerPart,
  ComposerRequest,
  ComposerResult,
  ComposerState,
} from '../../protocol/composerProtocol';
import type { PromptMethod, PromptResult } from '../../protocol/promptProtocol';
import type { StoredAttachment, Values } from './promptDrafts';
import { shownDraft } from './promptDrafts';
import type { PromptHost, PromptPlace } from './promptHost';

const REPOSITORY_KEY = 'composer.repository';
/** What other pages have to show, too. */
const CHANGING: ReadonlySet<string> = new Set<PromptMethod>([
  'saveDraft',
  'attachBytes',
  'attachFiles',
  'chooseFiles',
  'detach',
]);

/** What went wrong, for a person, with the buttons that mend it. */
interface Failure {
  message: string;
  mends: { label: string; act: () => Thenable<unknown> }[];
}

/** A choice as the page shows it. */
export type ShownPart = ComposerState['parts'][number];

/** What the composer needs of pickers and commands. `Choices` is what a person chose beside the prompt. */
export interface ComposerActions<Choices> {
  /** Folders of this window in which agents can start. Throws where there is none. */
  listRepositories: () => Promise<string[]>;
  chooseRepository: (repositories: readonly string[]) => Promise<string | undefined>;
  readChoices: (repository: string) => Promise<Choices>;
  choose: (repository: string, choices: Choices, part: Exclude<ComposerPart, 'repository'>) => Promise<void>;
  showChoice: (part: ComposerPart, repository: string, choices: Choices) => ShownPart | undefined;
  commandsOf: (repository: string, choices: Choices) => Promise<PromptResult<'commands'>['commands']>;
  /** Prompts of the repository's sessions, the latest first. */
  history: (repository: string) => Promise<string[]>;
  /** The new session's id; undefined where a person had to say more and did not. */
  start: (draft: {
    repository: string;
    prompt: string;
    choices: Choices;
    attachments: readonly StoredAttachment[];
  }) => Promise<string | undefined>;
  /** Runs an action; what it throws, unless a person cancelled. A button that mended it calls `again`. */
  attempt: (action: () => Promise<void>, again: () => Promise<void>) => Promise<Failure | undefined>;
  /** Hears of each session that was started, with the page where that was asked for. */
  started: (sessionId: string, page: ComposerPage) => void;
}

/** A page of the composer: in the view, or in an editor. */
export interface ComposerPage {
  post(message: ComposerMessage): void;
}

/** The one draft of a new session in this window, on any number of pages. */
export class ComposerHost<Choices> {
  readonly #prompts: PromptHost;
  readonly #values: Values;
  readonly #actions: ComposerActions<Choices>;
  readonly #pages = new Set<ComposerPage>();
  #repository: string | undefined;
  #repositories: string[] = [];
  #choices: Choices | undefined;
  #failure: (Failure & { isNotice: boolean }) | undefined;
  #isStarting = false;
  #opening: Promise<void> | undefined;

  constructor(prompts: PromptHost, values: Values, actions: ComposerActions<Choices>) {
    this.#prompts = prompts;
    this.#values = values;
    this.#actions = actions;
  }

  /** The page hears what changes until it is removed. */
  addPage(page: ComposerPage): void {
    this.#pages.add(page);
  }

  removePage(page: ComposerPage): void {
    this.#pages.delete(page);
  }

  /** Looks anew for repositories, as the window's folders have changed. */
  async refresh(): Promise<void> {
    const before = this.#repository;
    this.#opening = undefined;
    await this.#open();
    this.#pushAfter(before);
  }

  /** Adds a text to the draft of a repository, below what is there. `change` chooses more than the text. */
  async add(repository: string | undefined, text: string, change?: (choices: Choices) => void): Promise<void> {
    await this.#open();
    if (repository !== undefined && this.#repositories.includes(repository)) await this.#useRepository(repository);
    const { drafts } = this.#prompts;
    const before = drafts.read(this.#key).text.trimEnd();
    await drafts.saveText(this.#key, before === '' ? text : `${before}\n\n${text}`);
    if (this.#choices !== undefined) change?.(this.#choices);
    this.#pushAll();
  }

  /** Takes a message of a page. Whatever that is, this does not throw. */
  async receive(page: ComposerPage, message: unknown): Promise<void> {
    const parsed = v.safeParse(composerRequestSchema, message);
    if (!parsed.success) return; // only our own page sends messages, and it sends none of these
    const { requestNumber } = parsed.output;
    try {
      page.post({ type: 'answer', requestNumber, result: await this.#perform(parsed.output, page) });
    } catch (error) {
      page.post({ type: 'rejection', requestNumber, message: messageOf(error) });
    }
  }

  async #perform(request: ComposerRequest, page: ComposerPage): Promise<unknown> {
    await this.#open();
    const { method, parameters } = request;
    switch (method) {
      case 'ready':
        return {
          state: this.#state,
          draft: shownDraft(this.#prompts.drafts.read(this.#key)),
        } satisfies ComposerResult<'ready'>;
      case 'choose':
        await this.#choose(parameters.part);
        return {};
      case 'start':
        await this.#start(parameters.text, page);
        return {};
      case 'mend': {
        const mend = this.#failure?.mends[parameters.index];
        this.#dismiss();
        await mend?.act();
        return {};
      }
      case 'dismiss':
        this.#dismiss();
        return {};
      default: {
        const result = await this.#prompts.perform(request, this.#place);
        if (CHANGING.has(method)) this.#pushDraft(page);
        return result;
      }
    }
  }

  get #key(): string {
    return `repository ${this.#repository ?? ''}`;
  }

  get #place(): PromptPlace {
    const repository = this.#repository;
    const choices = this.#choices;
    return {
      key: this.#key,
      folder: repository ?? '',
      commands: async () =>
        repository === undefined || choices === undefined ? [] : await this.#actions.commandsOf(repository, choices),
      history: async () => (repository === undefined ? [] : await this.#actions.history(repository)),
    };
  }

  get #state(): ComposerState {
    const repository = this.#repository;
    const choices = this.#choices;
    return {
      parts:
        repository === undefined || choices === undefined
          ? []
          : COMPOSER_PARTS.flatMap((part) => this.#actions.showChoice(part, repository, choices) ?? []),
      ...(this.#failure !== undefined && {
        failure: {
          message: this.#failure.message,
          mends: this.#failure.mends.map(({ label }) => label),
          isNotice: this.#failure.isNotice,
        },
      }),
      isStarting: this.#isStarting,
    };
  }

  /** Finds the repositories once. */
  async #open(): Promise<void> {
    this.#opening ??= this.#findRepositories();
    await this.#opening;
  }

  async #findRepositories(): Promise<void> {
    const failure = await this.#actions.attempt(
      async () => {
        this.#repositories = await this.#actions.listRepositories();
        const last = this.#values.get(REPOSITORY_KEY);
        const repository = this.#repositories.find((each) => each === last) ?? this.#repositories[0];
        if (repository !== undefined && repository !== this.#repository) await this.#showRepository(repository);
      },
      async () => await this.refresh(),
    );
    // Nothing was asked for yet, so it is no error.
    this.#failure = failure === undefined ? undefined : { ...failure, isNotice: true };
  }

  async #showRepository(repository: string): Promise<void> {
    this.#choices = await this.#actions.readChoices(repository);
    this.#repository = repository;
  }

  /** Goes to the draft of another repository. What is written here goes along, unless something is written there. */
  async #useRepository(repository: string): Promise<void> {
    if (repository === this.#repository) return;
    const from = this.#key;
    await this.#showRepository(repository);
    await this.#prompts.drafts.move(from, this.#key);
    await this.#values.update(REPOSITORY_KEY, repository);
  }

  async #choose(part: ComposerPart): Promise<void> {
    const repository = this.#repository;
    const choices = this.#choices;
    if (repository === undefined || choices === undefined) return;
    const failure = await this.#actions.attempt(
      async () => {
        if (part === 'repository') {
          const chosen = await this.#actions.chooseRepository(this.#repositories);
          if (chosen !== undefined) await this.#useRepository(chosen);
        } else await this.#actions.choose(repository, choices, part);
      },
      async () => await this.#choose(part),
    );
    this.#failure = failure === undefined ? undefined : { ...failure, isNotice: false };
    this.#pushAfter(repository);
  }

  async #start(prompt: string, page: ComposerPage): Promise<void> {
    const repository = this.#repository;
    const choices = this.#choices;
    if (this.#isStarting || repository === undefined || choices === undefined) return;
    this.#isStarting = true; // before anything else, since the keys that start can be pressed twice
    this.#dismiss();
    try {
      await this.#startDraft(repository, choices, prompt, page);
    } finally {
      this.#isStarting = false; // only now, when the prompt that was sent is off the pages
      this.#pushAll();
    }
  }

  async #startDraft(repository: string, choices: Choices, prompt: string, page: ComposerPage): Promise<void> {
    const key = this.#key;
    const { drafts } = this.#prompts;
    await drafts.saveText(key, prompt);
    const sent = drafts.read(key);
    let sessionId: string | undefined;
    const failure = await this.#actions.attempt(
      async () => {
        sessionId = await this.#actions.start({ repository, prompt, choices, attachments: sent.attachments });
      },
      async () => await this.#start(drafts.read(key).text, page),
    );
    this.#failure = failure === undefined ? undefined : { ...failure, isNotice: false };
    if (sessionId === undefined) return;
    await drafts.clear(key, sent);
    // The next session starts from the defaults.
    if (repository === this.#repository) this.#choices = await this.#actions.readChoices(repository);
    this.#actions.started(sessionId, page);
  }

  #dismiss(): void {
    this.#failure = undefined;
    this.#pushState();
  }

  /** The draft only where it is another one: what was typed meanwhile may not have come here yet. */
  #pushAfter(repositoryBefore: string | undefined): void {
    if (repositoryBefore === this.#repository) this.#pushState();
    else this.#pushAll();
  }

  #pushAll(): void {
    this.#pushState();
    this.#pushDraft(undefined);
  }

  #pushState(): void {
    for (const page of this.#pages) page.post({ type: 'state', state: this.#state });
  }

  /** Shows the draft on all pages but the one that changed it. */
  #pushDraft(changedBy: ComposerPage | undefined): void {
    const draft = shownDraft(this.#prompts.drafts.read(this.#key));
    for (const page of this.#pages) if (page !== changedBy) page.post({ type: 'draft', draft });
  }
}
