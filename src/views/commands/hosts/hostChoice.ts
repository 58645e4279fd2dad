/** Which host a command is about. */
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { HostSummary } from '../../../supervisor/api';
import { hostIcon } from '../../hosts/hostIcon';
import { conditionText } from '../../hosts/hostTexts';
import { SECTION } from '../../settings';
import { parseCommandLine } from '../../text/commandLine';
import { SETTINGS } from '../../text/contributions';

/** The row of a host. */
const rowSchema = v.object({ kind: v.literal('host'), name: v.string() });

interface HostItem extends vscode.QuickPickItem {
  /** Undefined for one that is to be set up. */
  name: string | undefined;
}

/**
 * The name of the host of the row on which a command was called; else of one that a person picks or sets up. Undefined
 * where none was.
 */
export async function chooseHost(
  hosts: readonly HostSummary[],
  argument: unknown,
  question: { title: string; placeHolder: string },
): Promise<string | undefined> {
  const row = v.safeParse(rowSchema, argument);
  if (row.success) return row.output.name;
  const items: HostItem[] = hosts.map((host) => ({
    label: host.name,
    description: host.target ?? '',
    detail: conditionText(host),
    iconPath: hostIcon(host),
    name: host.name,
  }));
  const setUp: HostItem = {
    label: vscode.l10n.t('Set Up a Host…'),
    iconPath: new vscode.ThemeIcon('add'),
    name: undefined,
  };
  const picked =
    items.length === 0
      ? setUp
      : await vscode.window.showQuickPick([...items, setUp], { ...question, matchOnDescription: true });
  return picked === setUp ? await askForHost(hosts) : picked?.name;
}

/** Asks how a host is reached, and writes it into the user's settings. Returns its name. */
export async function askForHost(hosts: readonly HostSummary[]): Promise<string | undefined> {
  const title = vscode.l10n.t('Set Up a Host');
  const way = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t(
      'Its name in your ssh configuration, user@host, or a command that runs what follows it there',
    ),
    placeHolder: vscode.l10n.t('gpu-box, or: docker exec -i dev'),
    ignoreFocusOut: true,
    validateInput: (text) => {
      const [program, ...others] = wordsOf(text) ?? [];
      if (program === undefined) return vscode.l10n.t('Type a name, or a command with closed quotes.');
      return program === 'ssh' && others.length > 0
        ? vscode.l10n.t('Type the machine’s name alone. Options of ssh belong into its configuration.')
        : undefined;
    },
  });
  const words = way === undefined ? undefined : wordsOf(way);
  if (words === undefined) return undefined;
  const [first = ''] = words;
  const proposal = (words.length === 1 ? first.replace(/^.*@/, '') : (words.at(-1) ?? '')).replace(/[^\w.-]/g, '');
  const name = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('What Corral calls it'),
    value: proposal,
    ignoreFocusOut: true,
    validateInput: (text) => {
      if (hosts.some((host) => host.name === text)) return vscode.l10n.t('There is a host of this name already.');
      return /^[A-Za-z0-9][\w.-]{0,63}$/.test(text)
        ? undefined
        : vscode.l10n.t('Use only letters, digits, “.”, “_” and “-” in the name of a host.');
    },
  });
  if (name === undefined) return undefined;
  const configuration = vscode.workspace.getConfiguration(SECTION);
  const before = v.parse(v.fallback(v.record(v.string(), v.unknown()), {}), configuration.get<unknown>(SETTINGS.hosts));
  const entry = words.length === 1 ? { ssh: first } : { exec: words };
  await configuration.update(SETTINGS.hosts, { ...before, [name]: entry }, vscode.ConfigurationTarget.Global);
  return name;
}

/** Those of `ssh gpu-box`, as it is typed in a terminal, are the machine's name alone. */
function wordsOf(typed: string): string[] | undefined {
  const words = parseCommandLine(typed);
  return words?.length === 2 && words[0] === 'ssh' ? words.slice(1) : words;
}
