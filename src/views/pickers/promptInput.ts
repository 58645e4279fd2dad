import * as vscode from 'vscode';
import { messageOf } from '../../common/errors';
import { CorralError } from '../../storage/errors';
import type { SessionRequest } from '../../supervisor/api';
import { placeLabel } from '../hosts/place';
import { SECTION } from '../settings';
import { isPlaceAsked } from './placeChoice';
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
  requireStartable,
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
    const parts = DRAFT_PARTS.filter((part) => part !== 'where' || isPlaceAsked(draft.where, options.source));
    const answer = await askForPrompt({ value: draft.prompt, parts, describe }, () => {
      preparer.prepare(repository, draft);
    });
    draft.prompt = answer.text;
    if (answer.part !== undefined) {
      await choosePart(options, repository, draft, answer.part).catch(options.onError);
      isAgentChosen ||= answer.part === 'agent';
      continue;
    }
    if (!(await completeDraft(draft))) continue;
    try {
      return await requestOf(options, repository, draft);
    } catch (error) {
      options.onError(error); // the prompt stays
    }
  }
}

/** Its buttons, in the order in which they are shown. */
const BUTTONS: Record<DraftPart, vscode.QuickInputButton> = {
  agent: { iconPath: new vscode.ThemeIcon('robot'), tooltip: vscode.l10n.t('Choose the Agent') },
  model: { iconPath: new vscode.ThemeIcon('sparkle'), tooltip: vscode.l10n.t('Choose the Model') },
  where: { iconPath: new vscode.ThemeIcon('vm'), tooltip: vscode.l10n.t('Choose Where It Works') },
  base: { iconPath: new vscode.ThemeIcon('git-branch'), tooltip: vscode.l10n.t('Choose the Base') },
  after: { iconPath: new vscode.ThemeIcon('watch'), tooltip: vscode.l10n.t('Start After Other Sessions') },
  permissions: { iconPath: new vscode.ThemeIcon('shield'), tooltip: vscode.l10n.t('Choose Its Permissions') },
};

/** `part` is what its button is for, undefined where the prompt was accepted. */
interface PromptAnswer {
  text: string;
  part?: DraftPart;
}

interface PromptQuestion {
  value: string;
  /** What there are buttons for. */
  parts: readonly DraftPart[];
  /** Gives the line below the prompt. */
  describe: () => Promise<string>;
}

async function askForPrompt({ value, parts, describe }: PromptQuestion, onWrite: () => void): Promise<PromptAnswer> {
  const input = vscode.window.createInputBox();
  input.title = vscode.l10n.t('New Session');
  input.value = value;
  input.placeholder = vscode.l10n.t('What should the agent do?');
  input.prompt = await describe();
  input.buttons = parts.map((part) => BUTTONS[part]);
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
  const problem = await requireStartable(options, draft).then(() => undefined, messageOf);
  const choices = describeChoices(options, draft);
  return problem === undefined ? choices : `${choices}. ${problem}`;
}

/** The choices in a line: `claude from HEAD, asks before every change and command`. */
function describeChoices(options: SessionDraftOptions, draft: SessionDraft): string {
  const { where } = draft;
  const worker = draft.model === undefined ? draft.agent : `${draft.agent} · ${draft.model}`;
  const names = { agent: where.kind === 'here' ? worker : `${worker} · ${placeLabel(where)}`, base: draft.base.label };
  const mode = MODE_LABELS[modeOf(options, draft)];
  const { length } = dependenciesOf(draft);
  if (length === 0) return vscode.l10n.t('{agent} from {base}, {mode}', { ...names, mode });
  return length === 1
    ? vscode.l10n.t('{agent} from {base} after 1 other session, {mode}', { ...names, mode })
    : vscode.l10n.t('{agent} from {base} after {count} other sessions, {mode}', { ...names, mode, count: length });
}
