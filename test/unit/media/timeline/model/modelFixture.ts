import { afterEach, beforeEach } from 'mocha';
import { TimelineModel } from '../../../../../media/timeline/model/timelineModel';
import type { SavedState } from '../../../../../src/protocol/timelineProtocol';
import { TimelineHost } from '../../../../../src/views/timeline/timelineHost';
import { timelineEditor } from '../../../../support/timelineEditor';
import { MemorySource, SESSION } from '../../../views/timeline/memorySource';

export const MESSAGE = { kind: 'message', data: { role: 'user', text: 'x' } } as const;
export const ALLOW = { optionId: 'o', name: 'Allow', kind: 'allow_once' } as const;

/** A page's model and its host. What they send each other becomes JSON on the way, as in the editor. */
export class ConnectedModel {
  readonly host: TimelineHost;
  readonly model: TimelineModel;
  saved: SavedState | undefined;
  readonly shownCommits: string[] = [];
  readonly searched: string[] = [];

  constructor(source: MemorySource, saved: SavedState | undefined) {
    this.model = new TimelineModel(
      SESSION,
      saved,
      (sent) => {
        this.host.receive(JSON.parse(JSON.stringify(sent)));
      },
      (state) => {
        this.saved = state;
      },
    );
    const editor = timelineEditor((sent) => this.model.receive(JSON.parse(JSON.stringify(sent))), {
      searchHistory: (text) => {
        this.searched.push(text);
        return Promise.resolve();
      },
      showSnapshot: ({ commit }) => {
        this.shownCommits.push(commit);
        return Promise.resolve();
      },
    });
    this.host = new TimelineHost(source, SESSION, editor);
  }

  /** Resolves once `condition` is true, which is checked at each change of the model. */
  async until(condition: (model: TimelineModel) => boolean): Promise<void> {
    if (condition(this.model)) return;
    await new Promise<void>((resolve) => {
      const unsubscribe = this.model.subscribe(() => {
        if (!condition(this.model)) return;
        unsubscribe();
        resolve();
      });
    });
  }
}

/** The session that a test's models show. */
export class ModelFixture {
  source = new MemorySource();
  readonly #models: ConnectedModel[] = [];

  async start(saved?: SavedState): Promise<ConnectedModel> {
    const connected = new ConnectedModel(this.source, saved);
    this.#models.push(connected);
    await connected.model.start();
    return connected;
  }

  reset(): void {
    this.source = new MemorySource();
  }

  dispose(): void {
    for (const { host } of this.#models.splice(0)) host.dispose();
  }
}

/** Hooks for a `describe` that give each of its tests a session of its own. */
export function useModels(): ModelFixture {
  const fixture = new ModelFixture();
  beforeEach(() => {
    fixture.reset();
  });
  afterEach(() => {
    fixture.dispose();
  });
  return fixture;
}
