import * as vscode from 'vscode';
import { messageOf } from '../../common/errors';
import { CorralError } from '../../storage/errors';
import type { SessionRequest } from '../../supervisor/api';
import { SECTION } from '../settings';
import type { DraftPart, SessionDraft, SessionDraftOptions } from './sessionDraft';
import {
  choosePart,
  completeDraft,
  defaultAgent,
  dependenciesOf,
  DRAFT_PARTS,
  MODE_LABELS,
  modeOf,
  newDraft,
  requestOf,
  requireAgent,
} from './sessionDraft';
import { SessionPreparer } from './sessionPreparer';

/**
 * Asks what the agent should do. Agent, base and permissions have defaults, and buttons to choose others.
 *
 * @throws CANCELLED
 */
export async function askForSession(
  options: SessionDraftOptions,
  repository: string,
  given: Partial<SessionDraft> = {},
): Promise<SessionRequest> {
  const draft = await newDraft(options, repository, given);
  let isAgentChosen = given.agent !== undefined;
  const preparer = new SessionPreparer(options.source);
  for (;;) {
    const describe = async (): Promise<string> => {
      if (!isAgentChosen) draft.agent = await defaultAgent(options);
      return await describeDraft(options, draft);
    };
    const answer = await askForPrompt(draft.prompt, describe, () => preparer.prepare(repository, draft.base.revision));
    draft.prompt = answer.text;
    if (answer.part !== undefined) {
      await choosePart(options, repository, draft, answer.part).catch(options.onError);
      isAgentChosen ||= answer.part === 'agent';
      continue;
    }
    if (await completeDraft(draft)) return requestOf(options, repository, draft);
  }
}

/** Its buttons, in the order in which they are shown. */
const BUTTONS: Record<DraftPart, vscode.QuickInputButton> = {
  agent: { iconPath: new vscode.ThemeIcon('robot'), tooltip: vscode.l10n.t('Choose the Agent') },
  model: { iconPath: new vscode.ThemeIcon('sparkle'), tooltip: vscode.l10n.t('Choose the Model') },
  base: { iconPath: new vscode.ThemeIcon('git-branch'), tooltip: vscode.l10n.t('Choose the Base') },
  after: { iconPath: new vscode.ThemeIcon('watch'), tooltip: vscode.l10n.t('Start After Other Sessions') },
  permissions: { iconPath: new vscode.ThemeIcon('shield'), tooltip: vscode.l10n.t('Choose Its Permissions') },
};

/** `part` is what its button is for, undefined where the prompt was accepted. */
interface PromptAnswer {
  text: string;
  part?: DraftPart;
}

/** `describe` gives the line below the prompt. */
async function askForPrompt(
  value: string,
  describe: () => Promise<string>,
  onWrite: () => void,
): Promise<PromptAnswer> {
  const input = vscode.window.createInputBox();
  input.title = vscode.l10n.t('New Session');
  input.value = value;
  input.placeholder = vscode.l10n.t('What should the agent do?');
  input.prompt = await describe();
  input.buttons = Object.values(BUTTONS);
  input.ignoreFocusOut = true; // a long prompt is not lost to a click beside it
  // A new window may read its settings later than it asks.
  const settings = vscode.workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration(SECTION)) void describe().then((line) => (input.prompt = line));
  });
  try {
    return await new Promise((resolve, reject) => {
      input.onDidAccept(() => {
        if (input.value.trim() === '') input.validationMessage = vscode.l10n.t('Say what the agent should do.');
        else resolve({ text: input.value });
      });
      input.onDidChangeValue((text) => {
        input.validationMessage = undefined;
        if (text.trim() !== '') onWrite();
      });
      input.onDidTriggerButton((button) => {
        const part = DRAFT_PARTS.find((each) => BUTTONS[each] === button);
        if (part !== undefined) resolve({ text: input.value, part });
      });
      input.onDidHide(() => reject(new CorralError('CANCELLED', vscode.l10n.t('No session was made.'))));
      input.show();
    });
  } finally {
    input.dispose();
    settings.dispose();
  }
}

/** What is chosen, and what keeps a session with that from starting. */
async function describeDraft(options: SessionDraftOptions, draft: SessionDraft): Promise<string> {
  const problem = await requireAgent(options, draft.agent).then(() => undefined, messageOf);
  const choices = describeChoices(options, draft);
  return problem === undefined ? choices : `${choices}. ${problem}`;
}

/** The choices in a line: `claude from HEAD, asks before every change and command`. */
function describeChoices(options: SessionDraftOptions, draft: SessionDraft): string {
  const names = {
    agent: draft.model === undefined ? draft.agent : `${draft.agent} · ${draft.model}`,
    base: draft.base.label,
  };
  const mode = MODE_LABELS[modeOf(options, draft)];
  const { length } = dependenciesOf(draft);
  if (length === 0) return vscode.l10n.t('{agent} from {base}, {mode}', { ...names, mode });
  return length === 1
    ? vscode.l10n.t('{agent} from {base} after 1 other session, {mode}', { ...names, mode })
    : vscode.l10n.t('{agent} from {base} after {count} other sessions, {mode}', { ...names, mode, count: length });
}
