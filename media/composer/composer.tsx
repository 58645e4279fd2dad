import '../shared/translations'; // first: other modules may hold sentences
import '../shared/page.css'; // before the components' styles, which refine it
import './composer.css';
import * as l10n from '@vscode/l10n';
import { render } from 'preact';
import { visibleText } from '../../src/common/visibleText';
import type { ComposerPart } from '../../src/protocol/composerProtocol';
import { PromptBox, SEND_KEYS } from '../promptBox/promptBox';
import { Icon } from '../shared/icons';
import type { IconName } from '../shared/icons';
import { oneLine } from '../shared/plainText';
import { ComposerModel } from './composerModel';

const PROMPT_ID = 'prompt';

const ICONS: Record<ComposerPart, IconName> = {
  issue: 'issue',
  agent: 'agent',
  model: 'model',
  where: 'computer',
  repository: 'repository',
  base: 'branch',
  permissions: 'shield',
  after: 'clock',
};

function Composer({ model }: { model: ComposerModel }) {
  const { state, error, prompt } = model;
  return (
    <main class="composer">
      <div role="alert">
        <FailureMessage
          model={model}
          message={error ?? state?.failure?.message}
          mends={state?.failure?.mends ?? []}
          isNotice={error === undefined && state?.failure?.isNotice === true}
        />
      </div>
      <PromptBox
        model={prompt}
        label={l10n.t('Prompt of a new session')}
        placeholder={l10n.t('What should the agent do? {0} starts it.', SEND_KEYS)}
        testId={PROMPT_ID}
        disabled={false}
        readOnly={state?.isStarting === true}
        opens="below"
        onSend={() => void model.start()}
      >
        <div class="choices" role="group" aria-label={l10n.t('How it starts')}>
          {state?.parts.map(({ part, name, label, detail }) => (
            <button
              key={part}
              type="button"
              class="choice"
              data-testid={`choose-${part}`}
              aria-label={`${name}: ${oneLine(label)}`}
              title={`${name}: ${visibleText(detail)}`}
              disabled={state.isStarting}
              onClick={() => void model.choose(part)}
            >
              <Icon name={ICONS[part]} />
              <span>{oneLine(label)}</span>
            </button>
          ))}
        </div>
        <button
          type="button"
          class="primary start"
          title={l10n.t('Start the session ({0})', SEND_KEYS)}
          disabled={!model.canStart}
          onClick={() => void model.start()}
        >
          {state?.isStarting === true ? l10n.t('Starting…') : l10n.t('Start')}
        </button>
      </PromptBox>
    </main>
  );
}

function FailureMessage({
  model,
  message,
  mends,
  isNotice,
}: {
  model: ComposerModel;
  message: string | undefined;
  mends: readonly string[];
  isNotice: boolean;
}) {
  if (message === undefined) return null;
  return (
    <div class={`composer-failure ${isNotice ? 'notice' : ''}`} data-testid="failure">
      <span dir="auto">{visibleText(message)}</span>
      <div class="mends">
        {mends.map((mend, index) => (
          <button key={mend} type="button" class="secondary" onClick={() => void model.mend(index)}>
            {mend}
          </button>
        ))}
        <button type="button" class="link" onClick={() => void model.dismiss()}>
          {l10n.t('Dismiss')}
        </button>
      </div>
    </div>
  );
}

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root.');
document.documentElement.classList.toggle('in-editor', root.dataset['place'] === 'editor');
const editor = acquireVsCodeApi();
const focusPrompt = (): void => {
  document.querySelector<HTMLElement>(`[data-testid=${PROMPT_ID}]`)?.focus();
};
const model: ComposerModel = new ComposerModel({
  post: (message) => {
    editor.postMessage(message);
  },
  changed: () => {
    render(<Composer model={model} />, root);
  },
});
window.addEventListener('message', ({ data }) => {
  model.receive(data);
});
window.addEventListener('pagehide', () => {
  model.prompt.save();
});
// The keys that go to the view lead to its text.
window.addEventListener('focus', () => {
  if (document.activeElement === document.body) focusPrompt();
});
render(<Composer model={model} />, root);
if (document.hasFocus()) focusPrompt(); // it was focused before it had loaded
void model.load();
