import * as v from 'valibot';
import { messageOf } from '../../common/errors';
import { COMPOSER_PARTS, composerRequestSchema } from '../../protocol/composerProtocol';
import type { ComposerPart, ComposerRequest, ComposerResult, ComposerState } from '../../protocol/composerProtocol';
import type { PromptMethod } from '../../protocol/promptProtocol';
import type { ComposerActions, ComposerPage, Failure } from './composerInterfaces';
import type { Values } from './promptDrafts';
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
  /** True where the failure is what a check of the choices found. */
  #isOfCheck = false;
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

  /** Looks anew for repositories and defaults, as the window's folders or settings have changed. */
  async refresh(): Promise<void> {
    const before = this.#repository;
    this.#opening = undefined;
    await this.#open();
    this.#pushAfter(before);
  }

  /** Says no longer that an agent is missing where it has been installed meanwhile. */
  async checkAgain(): Promise<void> {
    if (!this.#isOfCheck) return;
    await this.#check();
    this.#pushState();
  }

  /** Adds a text to the draft of a repository, below what is there. `change` chooses more than the text. */
  async add(repository: string | undefined, text: string, change?: (choices: Choices) => void): Promise<void> {
    await this.#open();
    if (repository !== undefined && this.#repositories.includes(repository)) await this.#useRepository(repository);
    const { drafts } = this.#prompts;
    const before = drafts.read(this.#key).text.trimEnd();
    await drafts.saveText(this.#key, before === '' ? text : `${before}\n\n${text}`);
    if (this.#choices !== undefined && this.#repository !== undefined && change !== undefined) {
      change(this.#choices);
      await this.#actions.keep(this.#repository, this.#choices);
    }
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
        if (this.#failure === undefined) await this.#check();
        this.#pushState();
        return {};
      }
      case 'dismiss':
        this.#dismiss();
        return {};
      default: {
        if (request.method === 'saveDraft') this.#noteWritten(request.parameters.text);
        const result = await this.#prompts.perform(request, this.#place);
        if (CHANGING.has(method)) this.#pushDraft(page);
        return result;
      }
    }
  }

  #noteWritten(text: string): void {
    if (text.trim() !== '' && this.#repository !== undefined && this.#choices !== undefined)
      this.#actions.written(this.#repository, this.#choices);
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
        if (repository !== undefined) await this.#showRepository(repository);
      },
      async () => await this.refresh(),
    );
    // Nothing was asked for yet, so it is no error.
    if (failure !== undefined) this.#failure = { ...failure, isNotice: true };
    else await this.#check();
  }

  async #showRepository(repository: string): Promise<void> {
    const current = repository === this.#repository ? this.#choices : undefined;
    this.#choices = await this.#actions.readChoices(repository, current);
    this.#repository = repository;
  }

  /** Says there and then that no session can start with these choices, before anything is asked for. */
  async #check(): Promise<void> {
    const choices = this.#choices;
    this.#failure = undefined;
    this.#isOfCheck = false;
    if (choices === undefined) return;
    const check = async (): Promise<void> => await this.#actions.check(choices);
    const failure = await this.#actions.attempt(check, async () => await this.checkAgain());
    if (choices !== this.#choices) return;
    this.#failure = failure === undefined ? undefined : { ...failure, isNotice: true };
    this.#isOfCheck = failure !== undefined;
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
    if (failure === undefined) await this.#check();
    else this.#failure = { ...failure, isNotice: false };
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
    this.#isOfCheck = false;
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
