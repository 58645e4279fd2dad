/** What the composer needs of the window around it. */
import type { ComposerMessage, ComposerPart, ComposerState } from '../../protocol/composerProtocol';
import type { PromptResult } from '../../protocol/promptProtocol';
import type { StoredAttachment } from './promptDrafts';

/** What went wrong, for a person, with the buttons that mend it. */
export interface Failure {
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
  /** The defaults, with what a person chose of `current` or in an earlier window. */
  readChoices: (repository: string, current?: Choices) => Promise<Choices>;
  /** Throws where no session can start with these choices, such as with an agent that is not installed. */
  check: (choices: Choices) => Promise<void>;
  choose: (repository: string, choices: Choices, part: Exclude<ComposerPart, 'repository'>) => Promise<void>;
  /** Hears that a command chose something, so that it is kept over a reload. */
  keep: (repository: string, choices: Choices) => Promise<void>;
  showChoice: (part: ComposerPart, repository: string, choices: Choices) => ShownPart | undefined;
  commandsOf: (repository: string, choices: Choices) => Promise<PromptResult<'commands'>['commands']>;
  /** Hears of each change of a prompt, so that what its session needs is made ready. */
  written: (repository: string, choices: Choices) => void;
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
