import * as v from 'valibot';
import * as vscode from 'vscode';
import { PERMISSION_MODES } from '../storage/sessionRecords';
import { parseAgentSettings } from '../supervisor/agents/agentRegistry';
import type { SupervisorSettings } from '../supervisor/settings';
import { DEFAULT_SETTINGS } from '../supervisor/settings';
import { SETTINGS } from './text/contributions';

const SECTION = 'corral';

/** A setting of the wrong type counts as not set, so that a typing mistake never hides the sessions. */
function read<T>(name: string, schema: v.GenericSchema<unknown, T>, fallback: T): T {
  const parsed = v.safeParse(schema, vscode.workspace.getConfiguration(SECTION).get<unknown>(name));
  return parsed.success ? parsed.output : fallback;
}

/**
 * The user's settings, checked. Reading `agents` can throw, because a guess there could start the wrong program.
 *
 * @throws SETTINGS_INVALID by `agents` alone
 */
export function readSettings(): SupervisorSettings {
  const runnerNode = read(SETTINGS.runnerNode, v.string(), '');
  return {
    get agents() {
      return parseAgentSettings(vscode.workspace.getConfiguration(SECTION).get<unknown>(SETTINGS.agents) ?? {});
    },
    permissionMode: read(SETTINGS.permissionMode, v.picklist(PERMISSION_MODES), DEFAULT_SETTINGS.permissionMode),
    worktreesLocation: read(
      SETTINGS.worktreesLocation,
      v.pipe(v.string(), v.minLength(1)),
      DEFAULT_SETTINGS.worktreesLocation,
    ),
    worktreesInclude: read(SETTINGS.worktreesInclude, v.array(v.string()), DEFAULT_SETTINGS.worktreesInclude),
    worktreesLink: read(SETTINGS.worktreesLink, v.array(v.string()), DEFAULT_SETTINGS.worktreesLink),
    setupCommand: read(SETTINGS.worktreesSetupCommand, v.array(v.string()), DEFAULT_SETTINGS.setupCommand),
    setupLimitMs:
      read(
        SETTINGS.worktreesSetupMinutes,
        v.pipe(v.number(), v.minValue(1), v.maxValue(120)),
        DEFAULT_SETTINGS.setupLimitMs / 60_000,
      ) * 60_000,
    teardownCommand: read(SETTINGS.worktreesTeardownCommand, v.array(v.string()), DEFAULT_SETTINGS.teardownCommand),
    teardownLimitMs:
      read(
        SETTINGS.worktreesTeardownMinutes,
        v.pipe(v.number(), v.minValue(1), v.maxValue(120)),
        DEFAULT_SETTINGS.teardownLimitMs / 60_000,
      ) * 60_000,
    stopGraceMs:
      read(
        SETTINGS.stopGraceSeconds,
        v.pipe(v.number(), v.minValue(1), v.maxValue(60)),
        DEFAULT_SETTINGS.stopGraceMs / 1_000,
      ) * 1_000,
    syncEveryEvent: read(SETTINGS.durability, v.string(), 'group') === 'sync-every-event',
    maxConcurrentRuns: read(
      SETTINGS.maxConcurrentRuns,
      v.pipe(v.number(), v.integer(), v.minValue(1)),
      DEFAULT_SETTINGS.maxConcurrentRuns,
    ),
    minimumFreeMemoryMiB: read(
      SETTINGS.minimumFreeMemory,
      v.pipe(v.number(), v.minValue(0)),
      DEFAULT_SETTINGS.minimumFreeMemoryMiB,
    ),
    recoveryPolicy: read(SETTINGS.recoveryPolicy, v.picklist(['restore', 'fail']), DEFAULT_SETTINGS.recoveryPolicy),
    ...(runnerNode === '' ? {} : { runnerNode }),
  };
}

/** Where sessions are kept: the user's folder, or VS Code's storage for the extension. */
export function storageDirectory(context: vscode.ExtensionContext): string {
  const chosen = read(SETTINGS.storageLocation, v.string(), '');
  return chosen === '' ? context.globalStorageUri.fsPath : chosen;
}

/** Writes the program of an agent into the user's settings. */
export async function setAgentPath(agent: string, path: string): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  const agents = parseAgentSettings(configuration.get<unknown>(SETTINGS.agents) ?? {});
  await configuration.update(
    SETTINGS.agents,
    { ...agents, [agent]: { ...agents[agent], path } },
    vscode.ConfigurationTarget.Global,
  );
}
