import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Values } from '../../src/views/composer/promptDrafts';
import { PromptDrafts } from '../../src/views/composer/promptDrafts';
import { PromptHost } from '../../src/views/composer/promptHost';
import { RepositoryFiles } from '../../src/views/composer/repositoryFiles';
import type { TimelineEditor } from '../../src/views/timeline/timelineHost';

const nothing = (): Promise<void> => Promise.resolve();

/** Of this process alone; a test that attaches bytes removes it. */
export const DRAFTS = join(tmpdir(), `corral-drafts-${process.pid}`);

class MemoryValues implements Values {
  readonly #values = new Map<string, unknown>();

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  update(key: string, value: unknown): Promise<void> {
    this.#values.set(key, value);
    return Promise.resolve();
  }
}

/** Drafts in memory; what is attached by its bytes is written below `folder`. */
export function memoryPrompts(folder = DRAFTS): PromptHost {
  return new PromptHost({
    drafts: new PromptDrafts(new MemoryValues(), folder),
    files: new RepositoryFiles({ run: () => Promise.reject(new Error('There is no repository.')) }),
    chooseFiles: () => Promise.resolve([]),
    pathOf: () => undefined,
  });
}

/** An editor for a timeline that does nothing but `post` and what `parts` has. */
export function timelineEditor(post: TimelineEditor['post'], parts: Partial<TimelineEditor> = {}): TimelineEditor {
  const prompts = memoryPrompts();
  return {
    post,
    sessionRead: () => undefined,
    failed: () => undefined,
    openFile: nothing,
    openPastFile: nothing,
    openDiff: nothing,
    momentShown: () => undefined,
    openPayload: nothing,
    openPicture: nothing,
    copyLink: nothing,
    copyEvent: nothing,
    showSnapshot: nothing,
    searchHistory: nothing,
    act: nothing,
    copyText: nothing,
    detail: () => 'normal',
    chooseDetail: nothing,
    prompts: () => Promise.resolve(prompts),
    ...parts,
  };
}
