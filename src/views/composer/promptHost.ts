import { isInside } from '../../common/isInside';
import type { PromptRequest, PromptResult } from '../../protocol/promptProtocol';
import { pathWithin } from './pathWithin';
import type { PromptDrafts } from './promptDrafts';
import { isPicture, shownDraft } from './promptDrafts';
import type { RepositoryFiles } from './repositoryFiles';

/** Where something is written: a repository, for the prompt of a new session, or a session, for a message. */
export interface PromptPlace {
  /** Names its draft. */
  readonly key: string;
  /** The folder whose files can be named by their paths. */
  readonly folder: string;
  /** What the agent understands after a `/`. */
  commands(): Promise<PromptResult<'commands'>['commands']>;
  /** What was sent from here before, the latest first. */
  history(): Promise<string[]>;
}

export interface PromptHostOptions {
  drafts: PromptDrafts;
  files: RepositoryFiles;
  /** Lets a person choose files; their absolute paths. */
  chooseFiles: (folder: string) => Promise<string[]>;
  /** The absolute path of a file by its address; undefined where it lies on another machine. */
  pathOf: (uri: string) => string | undefined;
}

/** Answers what the box for a prompt or a message asks, whichever page it is on. */
export class PromptHost {
  readonly drafts: PromptDrafts;
  readonly #options: PromptHostOptions;

  constructor(options: PromptHostOptions) {
    this.drafts = options.drafts;
    this.#options = options;
  }

  /** Rejects with a sentence for a person. */
  async perform(request: PromptRequest, place: PromptPlace): Promise<unknown> {
    const { drafts } = this;
    const { method, parameters } = request;
    const { key, folder } = place;
    switch (method) {
      case 'draft':
        return shownDraft(drafts.read(key)) satisfies PromptResult<'draft'>;
      case 'saveDraft':
        await drafts.saveText(key, parameters.text);
        return {};
      case 'attachBytes':
        await drafts.attachBytes(key, parameters.name, Buffer.from(parameters.base64, 'base64'));
        return this.#attached(key, []);
      case 'attachFiles':
        return await this.#attach(
          place,
          parameters.uris.flatMap((uri) => this.#options.pathOf(uri) ?? []),
        );
      case 'chooseFiles':
        return await this.#attach(place, await this.#options.chooseFiles(folder));
      case 'detach':
        await drafts.detach(key, [parameters.id]);
        return { attachments: shownDraft(drafts.read(key)).attachments } satisfies PromptResult<'detach'>;
      case 'thumbnail': {
        const address = await drafts.thumbnail(key, parameters.id);
        return (address === undefined ? {} : { address }) satisfies PromptResult<'thumbnail'>;
      }
      case 'completeFile':
        return {
          paths: await this.#options.files.find(folder, parameters.text),
        } satisfies PromptResult<'completeFile'>;
      case 'commands':
        return { commands: await place.commands() } satisfies PromptResult<'commands'>;
      case 'history':
        return { texts: await place.history() } satisfies PromptResult<'history'>;
    }
  }

  /**
   * Names files of the repository by their paths, which the agent can read itself, and attaches all others. Pictures
   * are attached all the same, so that the agent sees them.
   */
  async #attach({ key, folder }: PromptPlace, paths: readonly string[]): Promise<PromptResult<'chooseFiles'>> {
    const named: string[] = [];
    for (const path of paths)
      if (isInside(path, folder) && !(await isPicture(path))) named.push(pathWithin(path, folder));
      else await this.drafts.attachFile(key, path);
    return this.#attached(key, named);
  }

  #attached(key: string, paths: string[]): PromptResult<'chooseFiles'> {
    return { ...shownDraft(this.drafts.read(key)), paths };
  }
}
