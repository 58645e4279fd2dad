/** What people have set, kept for processes without a window: the MCP server queues runs by it. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readRegular } from '../../common/disks/regularFile';
import { ifExists } from '../../common/ifExists';
import { parseJson } from '../../common/lines/jsonLimits';
import { readdirIfExists } from '../../common/readdirIfExists';
import { makeDirectory, replaceFile } from '../../storage/journal/durableFile';
import { WORKTREE_COMMAND_USES } from '../../storage/namedCommand';
import type { StorePaths } from '../../storage/paths';
import { PERMISSION_MODES } from '../../storage/sessionRecords';
import { parseAgentSettings, type AgentSettings } from '../agents/agentRegistry';
import type { SupervisorSettings, WorktreeSettings } from '../settings';

const text = v.string();
const userSchema = v.object({
  agents: v.record(text, v.unknown()),
  permissionMode: v.picklist(PERMISSION_MODES),
  stopGraceMs: v.number(),
  syncEveryEvent: v.boolean(),
  mcpInSessions: v.optional(v.boolean(), false),
});
const worktreeSchema = v.object({
  repository: text,
  settings: v.object({
    worktreesLocation: text,
    worktreesInclude: v.array(text),
    worktreesLink: v.array(text),
    worktreesSpare: v.boolean(),
    setupCommand: v.array(text),
    setupLimitMs: v.number(),
    teardownCommand: v.array(text),
    teardownLimitMs: v.number(),
    workspaceCommands: v.array(v.picklist(WORKTREE_COMMAND_USES)),
  }),
});

/** The user's, and those for the worktrees of one repository. */
export async function keepSettings(
  paths: StorePaths,
  { agents, permissionMode, stopGraceMs, syncEveryEvent, mcpInSessions }: SupervisorSettings,
  repository: string,
  worktrees: WorktreeSettings,
): Promise<void> {
  const user = { agents: withoutSecrets(agents), permissionMode, stopGraceMs, syncEveryEvent, mcpInSessions };
  await makeDirectory(paths.settings);
  await keep(userFile(paths), user);
  await keep(repositoryFile(paths, repository), { repository, settings: worktrees });
}

/** Every window does so when it starts, mostly with what is there already, which needs no sync. */
async function keep(path: string, content: unknown): Promise<void> {
  const json = JSON.stringify(content);
  if ((await readRegular(path).catch(() => undefined)) !== json) await replaceFile(path, Buffer.from(json));
}

/** `defaults` with what was kept; they alone where nothing was. */
export async function readKeptSettings(paths: StorePaths, defaults: SupervisorSettings): Promise<SupervisorSettings> {
  const kept = v.safeParse(userSchema, await readJson(userFile(paths)));
  return kept.success ? { ...defaults, ...kept.output, agents: parseAgentSettings(kept.output.agents) } : defaults;
}

/** For each repository whose settings were kept. */
export async function readKeptWorktreeSettings(
  paths: StorePaths,
): Promise<{ repository: string; settings: WorktreeSettings }[]> {
  const names = (await readdirIfExists(paths.settings)).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
  const contents = await Promise.all(names.map(async (name) => await readJson(join(paths.settings, name))));
  return contents.flatMap((content) => {
    const kept = v.safeParse(worktreeSchema, content);
    return kept.success ? [kept.output] : [];
  });
}

/** The names of variables say what a run waits for; the window that starts it has their values. */
function withoutSecrets(agents: AgentSettings): AgentSettings {
  const hidden = (env: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(env).map(([name, value]) => [name, /^path$/i.test(name) ? value : '']));
  return Object.fromEntries(
    Object.entries(agents).map(([name, { env, ...agent }]) => [
      name,
      env === undefined ? agent : { ...agent, env: hidden(env) },
    ]),
  );
}

function userFile(paths: StorePaths): string {
  return join(paths.settings, 'user.json');
}

function repositoryFile(paths: StorePaths, repository: string): string {
  return join(paths.settings, `${createHash('sha256').update(repository).digest('hex')}.json`);
}

async function readJson(path: string): Promise<unknown> {
  const content = await ifExists(readFile(path, 'utf8'));
  return content === undefined ? undefined : parseJson(content)?.json;
}
