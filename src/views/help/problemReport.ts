/** Report a Problem: what helps to find it, without what is private, in an editor before anything is sent. */
import { open } from 'node:fs/promises';
import { homedir, release, type } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { redact } from './redact';
import type { AgentSummary, CorralApi, SessionSummary } from '../../supervisor/api';
import type { Git } from '../../supervisor/git/git';
import { SETTINGS } from '../text/contributions';
import { showInformationMessage } from '../text/messages';

/** What a report needs of the supervisor. */
export interface ReportSource extends Pick<CorralApi, 'listSessions'> {
  readonly git: Git;
}

export interface ReportOptions {
  context: vscode.ExtensionContext;
  source: ReportSource;
  /** The agents that can be chosen, where they are known. */
  agents: () => Promise<readonly AgentSummary[]>;
}

/** Enough for what happened before the problem. */
const MAX_LOG_BYTES = 24 * 1024;
const LOG_FILE = 'Corral.log';
/** In English, as the whole report. */
const PROBLEM_CAUSES: Record<NonNullable<AgentSummary['problemCause']>, string> = {
  notInstalled: 'not installed',
  settings: 'wrong settings',
};

const manifestSchema = v.object({
  version: v.string(),
  bugs: v.optional(v.union([v.string(), v.object({ url: v.string() })])),
  repository: v.optional(v.union([v.string(), v.object({ url: v.string() })])),
});

/** Shows a report in an editor, and offers the page where it can be told, if package.json names one. */
export async function reportProblem(options: ReportOptions): Promise<void> {
  const manifest = v.parse(manifestSchema, options.context.extension.packageJSON);
  const content = await writeReport(options, manifest.version);
  const document = await vscode.workspace.openTextDocument({ language: 'markdown', content });
  await vscode.window.showTextDocument(document);
  const page = issuePage(manifest);
  const copy = vscode.l10n.t('Copy Report');
  const openPage = vscode.l10n.t('Copy and Open Issue Page');
  const message = vscode.l10n.t('Read the report and say what happened. Nothing is sent by itself.');
  // Not awaited: the notification stays as long as the person writes, and the command is done.
  void showInformationMessage(message, ...(page === undefined ? [copy] : [openPage, copy])).then(async (chosen) => {
    if (chosen === undefined) return;
    await vscode.env.clipboard.writeText(document.getText());
    if (chosen === openPage && page !== undefined) await vscode.env.openExternal(page);
  });
}

/** Where problems are told; undefined where package.json names no such page. */
function issuePage({ bugs, repository }: v.InferOutput<typeof manifestSchema>): vscode.Uri | undefined {
  const urlOf = (value: typeof bugs): string | undefined => (typeof value === 'object' ? value.url : value);
  const code = urlOf(repository)
    ?.replace(/^git\+/, '')
    .replace(/\.git$/, '');
  const address = urlOf(bugs) ?? (code === undefined ? undefined : `${code}/issues`);
  return address?.startsWith('https://') === true ? vscode.Uri.parse(address) : undefined;
}

async function writeReport({ context, source, agents }: ReportOptions, version: string): Promise<string> {
  const sessions = await source.listSessions().catch(() => []);
  const secrets = { home: homedir(), texts: sessions.flatMap(({ title, prompt }) => [title, prompt]) };
  const found = await agents().catch(() => []);
  const gitVersion = await source.git.text(homedir(), ['--version']).catch(() => 'not found');
  const facts: [name: string, value: string][] = [
    ['Corral', version],
    ['VS Code', `${vscode.version} (${vscode.env.appName}, ${vscode.env.remoteName ?? vscode.env.appHost})`],
    ['System', `${type()} ${release()} ${process.arch}, Node ${process.version}`],
    ['Git', gitVersion.trim()],
    [
      'Workspace',
      `${vscode.workspace.isTrusted ? 'trusted' : 'restricted'}, folders: ${String(vscode.workspace.workspaceFolders?.length ?? 0)}`,
    ],
    ['Sessions', countStates(sessions)],
    ...found.map((agent): [string, string] => [
      agent.name,
      agent.version ?? (agent.problemCause === undefined ? 'there' : PROBLEM_CAUSES[agent.problemCause]),
    ]),
  ];
  return [
    '# What happened',
    '',
    '<!-- What did you do, what did you expect, and what came instead? -->',
    '',
    '# About this computer',
    '',
    '| | |',
    '|---|---|',
    ...facts.map(([name, value]) => `| ${name} | ${redact(value, secrets).replaceAll('|', '\\|')} |`),
    '',
    '# Settings that differ from the default',
    '',
    ...changedSettings(),
    '',
    '# End of the log, without private texts',
    '',
    '~~~text',
    redact(await readLogEnd(context.logUri.fsPath), secrets).replaceAll('~~~', '~ ~ ~'),
    '~~~',
    '',
  ].join('\n');
}

function countStates(sessions: readonly SessionSummary[]): string {
  const counts = new Map<string, number>();
  for (const { state } of sessions) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${String(count)} ${state}`).join(', ') || 'none';
}

/** Numbers, switches and choices with their values; texts and lists only by name, since they can be private. */
function changedSettings(): string[] {
  const configuration = vscode.workspace.getConfiguration('corral');
  const lines = Object.values(SETTINGS).flatMap((name) => {
    const value = configuration.get<unknown>(name);
    if (JSON.stringify(value) === JSON.stringify(configuration.inspect(name)?.defaultValue)) return [];
    const isPublic = typeof value === 'number' || typeof value === 'boolean' || isChoice(name);
    return [`- \`corral.${name}\`${isPublic ? `: ${String(value)}` : ' (its value is left out)'}`];
  });
  return lines.length === 0 ? ['None.'] : lines;
}

function isChoice(name: string): boolean {
  return name === SETTINGS.permissionMode || name === SETTINGS.durability || name === SETTINGS.recoveryPolicy;
}

/** The newest lines of Corral's log; empty where there is none. */
async function readLogEnd(folder: string): Promise<string> {
  const file = await open(join(folder, LOG_FILE)).catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, MAX_LOG_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const text = buffer.toString('utf8', 0, bytesRead);
    return length < size ? text.slice(text.indexOf('\n') + 1) : text;
  } finally {
    await file.close();
  }
}
