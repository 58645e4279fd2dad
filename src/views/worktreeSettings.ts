import * as v from 'valibot';
import * as vscode from 'vscode';
import { DEFAULT_WORKTREE_SETTINGS, type WorktreeSettings } from '../supervisor/settings';
import { SETTINGS } from './text/contributions';

const MINUTE_MS = 60_000;
/** Maximum as in package.json. */
const MAX_COMMAND_MINUTES = 120;

/** One setting as it holds for a repository. */
interface ScopedValue<T> {
  value: T;
  /** True where it comes with the workspace, whose files an agent or a repository may have written. */
  isWorkspaces: boolean;
}

/**
 * The settings for the worktrees of one repository, checked. `folder` is this window's folder of that repository: where
 * there is none, the workspace is about another repository, so that only the user's own settings count.
 */
export function readWorktreeSettings(folder: vscode.Uri | undefined): WorktreeSettings {
  const defaults = DEFAULT_WORKTREE_SETTINGS;
  const text = v.string();
  const texts = v.array(text);
  const minutes = v.pipe(v.number(), v.minValue(1), v.maxValue(MAX_COMMAND_MINUTES));
  const read = <T>(name: string, schema: v.GenericSchema<unknown, T>, fallback: T): T =>
    readScoped(folder, name, schema, fallback).value;
  const setup = readScoped(folder, SETTINGS.worktreesSetupCommand, texts, defaults.setupCommand);
  const teardown = readScoped(folder, SETTINGS.worktreesTeardownCommand, texts, defaults.teardownCommand);
  return {
    worktreesLocation: read(SETTINGS.worktreesLocation, v.pipe(text, v.minLength(1)), defaults.worktreesLocation),
    worktreesInclude: read(SETTINGS.worktreesInclude, texts, defaults.worktreesInclude),
    worktreesSpare: read(SETTINGS.worktreesSpare, v.boolean(), defaults.worktreesSpare),
    worktreesLink: read(SETTINGS.worktreesLink, texts, defaults.worktreesLink),
    setupCommand: setup.value,
    setupLimitMs: read(SETTINGS.worktreesSetupMinutes, minutes, defaults.setupLimitMs / MINUTE_MS) * MINUTE_MS,
    teardownCommand: teardown.value,
    teardownLimitMs: read(SETTINGS.worktreesTeardownMinutes, minutes, defaults.teardownLimitMs / MINUTE_MS) * MINUTE_MS,
    workspaceCommands: [
      ...(setup.isWorkspaces ? (['setup'] as const) : []),
      ...(teardown.isWorkspaces ? (['teardown'] as const) : []),
    ],
  };
}

/** A value of the wrong type counts as not set. */
function readScoped<T>(
  folder: vscode.Uri | undefined,
  name: string,
  schema: v.GenericSchema<unknown, T>,
  fallback: T,
): ScopedValue<T> {
  const found = vscode.workspace.getConfiguration('corral', folder ?? null).inspect<unknown>(name);
  const own = v.safeParse(schema, found?.globalValue ?? found?.defaultValue);
  const ownValue = own.success ? own.output : fallback;
  if (folder === undefined || !vscode.workspace.isTrusted) return { value: ownValue, isWorkspaces: false };
  const given = v.safeParse(schema, found?.workspaceFolderValue ?? found?.workspaceValue);
  if (!given.success) return { value: ownValue, isWorkspaces: false };
  return { value: given.output, isWorkspaces: JSON.stringify(given.output) !== JSON.stringify(ownValue) };
}
