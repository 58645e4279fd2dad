import * as vscode from 'vscode';
import { isInside } from '../../common/isInside';
import { CorralError } from '../../storage/errors';
import type { CommandActions } from '../commands/commandRunner';
import type { SessionStarter } from '../commands/sessionStarter';
import type { SessionDraft } from '../pickers/sessionDraft';
import { changesBase } from '../pickers/baseChoice';
import type { CommandName } from '../text/contributions';
import { COMMANDS } from '../text/contributions';
import type { Composer } from './composer';
import { pathWithin } from './pathWithin';
import type { ProblemText, TextPlace } from './promptTexts';
import { changesPrompt, filesPrompt, problemPrompt, selectionPrompt } from './promptTexts';

type ComposerCommandName = Extract<
  CommandName,
  'newSessionInEditor' | 'newSessionFromSelection' | 'newSessionFromFile' | 'newSessionFromChanges' | 'fixProblem'
>;

/** Files that one prompt names. */
const MAX_FILES = 100;

export interface ComposerCommandsOptions {
  composer: Composer;
  starter: Pick<SessionStarter, 'listRepositories'>;
}

/** Commands that bring what is in the window into the composer. */
export function composerCommands({ composer, starter }: ComposerCommandsOptions): CommandActions<ComposerCommandName> {
  /** Adds a text about files to the draft of their repository. */
  async function add(
    uris: readonly vscode.Uri[],
    textOf: (paths: string[]) => string,
    change?: (draft: SessionDraft) => void,
  ): Promise<void> {
    const files = uris.filter(({ scheme }) => scheme === 'file').slice(0, MAX_FILES);
    const repositories = await starter.listRepositories();
    const around = repositories.filter((folder) => files.every(({ fsPath }) => isInside(fsPath, folder)));
    const repository = around.sort((one, other) => other.length - one.length)[0];
    const paths = files.map(({ fsPath }) => (repository === undefined ? fsPath : pathWithin(fsPath, repository)));
    await composer.add(repository, textOf(paths), change);
  }

  return {
    newSessionInEditor: async () => await composer.showInEditor(),
    newSessionFromSelection: async () => {
      const editor = vscode.window.activeTextEditor;
      if (editor === undefined)
        throw new CorralError('INVALID_ARGUMENT', vscode.l10n.t('Select a text in an editor first.'));
      const { document, selection } = editor;
      await add([document.uri], ([path = '']) => selectionPrompt(placeOf(document, selection, path)));
    },
    newSessionFromFile: async (clicked, selected) => {
      const uris = urisOf(selected).length > 0 ? urisOf(selected) : urisOf([clicked]);
      const active = vscode.window.activeTextEditor?.document.uri;
      await add(uris.length > 0 || active === undefined ? uris : [active], filesPrompt);
    },
    newSessionFromChanges: async (...clicked) => {
      await add(changedFiles(clicked), changesPrompt, (draft) => {
        draft.base = changesBase();
      });
    },
    fixProblem: async (argument) => {
      if (!isProblem(argument)) throw new CorralError('INVALID_ARGUMENT', vscode.l10n.t('Choose a problem in a file.'));
      const { uri, range, problems } = argument;
      const document = await vscode.workspace.openTextDocument(uri);
      const lines = new vscode.Range(range.start.line, 0, range.end.line, document.lineAt(range.end.line).text.length);
      await add([uri], ([path = '']) => problemPrompt(placeOf(document, lines, path), problems));
    },
  };
}

/** Offers to fix problems where VS Code lists what can be done about them. */
export function registerProblemFixes(): vscode.Disposable {
  return vscode.languages.registerCodeActionsProvider(
    { scheme: 'file' },
    {
      provideCodeActions: (document, _range, { diagnostics }) => {
        const [first, ...others] = diagnostics;
        if (first === undefined) return [];
        const action = new vscode.CodeAction(vscode.l10n.t('Fix with Corral…'), vscode.CodeActionKind.QuickFix);
        const range = others.reduce((all, each) => all.union(each.range), first.range);
        const problem: Problem = { uri: document.uri, range, problems: diagnostics.map(problemText) };
        action.diagnostics = [...diagnostics];
        action.command = { command: COMMANDS.fixProblem, title: action.title, arguments: [problem] };
        return [action];
      },
    },
    { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
  );
}

interface Problem {
  uri: vscode.Uri;
  range: vscode.Range;
  problems: ProblemText[];
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'uri' in value && 'range' in value && 'problems' in value;
}

function problemText({ message, source, code }: vscode.Diagnostic): ProblemText {
  const number = typeof code === 'object' ? code.value : code;
  return { message, name: [source, number].filter((part) => part !== undefined).join(' ') };
}

/** The selected text; the whole line where nothing is selected. */
function placeOf(document: vscode.TextDocument, selection: vscode.Range, path: string): TextPlace {
  const range = selection.isEmpty ? document.lineAt(selection.start.line).range : selection;
  // A selection of whole lines ends at the start of the next one.
  const endsBefore = range.end.character === 0 && range.end.line > range.start.line;
  return {
    path,
    firstLine: range.start.line + 1,
    lastLine: range.end.line + (endsBefore ? 0 : 1),
    language: document.languageId,
    text: document.getText(range),
  };
}

function urisOf(value: unknown): vscode.Uri[] {
  return Array.isArray(value) ? value.filter((each) => each instanceof vscode.Uri) : [];
}

/** The files of what was chosen in Source Control: resources, groups of them, or a whole repository. */
function changedFiles(chosen: readonly unknown[]): vscode.Uri[] {
  const found = chosen.flatMap((each): vscode.Uri[] => {
    if (Array.isArray(each)) return changedFiles(each);
    if (typeof each !== 'object' || each === null) return [];
    if ('resourceUri' in each && each.resourceUri instanceof vscode.Uri) return [each.resourceUri];
    return 'resourceStates' in each ? changedFiles([each.resourceStates]) : [];
  });
  return [...new Map(found.map((uri) => [uri.toString(), uri])).values()];
}
