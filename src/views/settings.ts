import * as v from 'valibot';
import * as vscode from 'vscode';
import { budgetSchema } from '../storage/budget';
import { PERMISSION_MODES } from '../storage/sessionRecords';
import { parseAgentSettings } from '../supervisor/agents/agentRegistry';
import { parseHostSettings } from '../supervisor/hosts/hostSettings';
import type { SupervisorSettings } from '../supervisor/settings';
import { DEFAULT_SETTINGS } from '../supervisor/settings';
import { noticeSettings, type NoticeSettings } from './noticeChoice';
import { SETTINGS } from './text/contributions';

export const SECTION = 'corral';
const SECOND_MS = 1_000;
/** Maximum as in package.json. */
const MAX_GRACE_SECONDS = 60;

/** A setting of the wrong type counts as not set, so that a typing mistake never hides the sessions. */
export function readSetting<T>(name: string, schema: v.GenericSchema<unknown, T>, fallback: T): T {
  const parsed = v.safeParse(schema, vscode.workspace.getConfiguration(SECTION).get<unknown>(name));
  return parsed.success ? parsed.output : fallback;
}

/**
 * What holds for the whole window, checked. Reading `agents` or `hosts` can throw, because a guess there could start
 * the wrong program.
 *
 * @throws SETTINGS_INVALID by `agents`, HOST_SETTINGS_INVALID by `hosts` alone
 */
export function readSettings(): SupervisorSettings {
  const defaults = DEFAULT_SETTINGS;
  const text = v.string();
  const runnerNode = readSetting(SETTINGS.runnerNode, text, '');
  return {
    get agents() {
      return parseAgentSettings(vscode.workspace.getConfiguration(SECTION).get<unknown>(SETTINGS.agents) ?? {});
    },
    get hosts() {
      return parseHostSettings(vscode.workspace.getConfiguration(SECTION).get<unknown>(SETTINGS.hosts) ?? {});
    },
    permissionMode: readSetting(SETTINGS.permissionMode, v.picklist(PERMISSION_MODES), defaults.permissionMode),
    stopGraceMs:
      SECOND_MS *
      readSetting(
        SETTINGS.stopGraceSeconds,
        v.pipe(v.number(), v.minValue(1), v.maxValue(MAX_GRACE_SECONDS)),
        defaults.stopGraceMs / SECOND_MS,
      ),
    syncEveryEvent: readSetting(SETTINGS.durability, text, 'group') === 'sync-every-event',
    maxConcurrentRuns: readSetting(
      SETTINGS.maxConcurrentRuns,
      v.pipe(v.number(), v.integer(), v.minValue(1)),
      defaults.maxConcurrentRuns,
    ),
    countWaitingRuns: readSetting(SETTINGS.countWaitingRuns, v.boolean(), defaults.countWaitingRuns),
    minimumFreeMemoryMiB: readSetting(
      SETTINGS.minimumFreeMemory,
      v.pipe(v.number(), v.minValue(0)),
      defaults.minimumFreeMemoryMiB,
    ),
    onUsageLimit: readSetting(SETTINGS.onUsageLimit, v.pipe(text, v.minLength(1)), defaults.onUsageLimit),
    budget: readSetting(SETTINGS.budget, budgetSchema, defaults.budget),
    recoveryPolicy: readSetting(SETTINGS.recoveryPolicy, v.picklist(['restore', 'fail']), defaults.recoveryPolicy),
    mcpInSessions: readSetting(SETTINGS.mcpInSessions, v.boolean(), defaults.mcpInSessions),
    ...(runnerNode === '' ? {} : { runnerNode }),
  };
}

/** Which notices are shown, and where. */
export function readNotices(): NoticeSettings {
  return noticeSettings(vscode.workspace.getConfiguration(SECTION).get<unknown>(SETTINGS.notifications));
}

/** Where sessions are kept: the user's folder, or VS Code's storage for the extension. */
export function storageDirectory(context: vscode.ExtensionContext): string {
  const chosen = readSetting(SETTINGS.storageLocation, v.string(), '');
  return chosen === '' ? context.globalStorageUri.fsPath : chosen;
}

/** Writes the program of an agent into the user's settings. */
export async function setAgentPath(agent: string, path: string): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  const record = v.record(v.string(), v.unknown());
  const agents = v.parse(v.fallback(record, {}), configuration.get<unknown>(SETTINGS.agents));
  const entry = v.parse(v.fallback(record, {}), agents[agent]);
  await configuration.update(
    SETTINGS.agents,
    { ...agents, [agent]: { ...entry, path } },
    vscode.ConfigurationTarget.Global,
  );
}
