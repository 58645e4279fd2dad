/**
 * The MCP server: `node mcp.js --store <folder>`, over standard input and output. Runners add `--session <id>`, and
 * agents in sessions start `--shim <run folder>`, which reaches that server.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { messageOf } from '../common/errors';
import { StorePaths } from '../storage/paths';
import { readKeptSettings, readKeptWorktreeSettings } from '../supervisor/lifecycle/keptSettings';
import { DEFAULT_SETTINGS, DEFAULT_WORKTREE_SETTINGS, type WorktreeSettings } from '../supervisor/settings';
import { Supervisor } from '../supervisor/supervisor';
import { serve } from './mcpServer';
import { passOn } from './shim';

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { store, session, shim } = parseArgs({ options: { store: text, session: text, shim: text } }).values;
  if (shim !== undefined) {
    await passOn(shim);
    return;
  }
  if (store === undefined || store === '') throw new Error('Say which store: --store <folder>');
  // Standard output belongs to the protocol.
  const log = (message: string): void => void process.stderr.write(`${message}\n`);
  const paths = new StorePaths(store);
  let settings = DEFAULT_SETTINGS;
  const worktrees = new Map<string, WorktreeSettings>();
  const supervisor = new Supervisor({
    storageDirectory: store,
    autoRecover: false,
    startsRuns: false, // what is queued here, a window starts
    settings: () => settings,
    worktreeSettings: (repository) => worktrees.get(repository) ?? DEFAULT_WORKTREE_SETTINGS,
    log: { info: () => undefined, warn: log, error: log },
  });
  try {
    await supervisor.whenReady();
    // Windows keep what people have set, and people change it.
    const prepare = async (): Promise<void> => {
      settings = await readKeptSettings(paths, DEFAULT_SETTINGS);
      for (const { repository, settings: kept } of await readKeptWorktreeSettings(paths))
        worktrees.set(repository, kept);
    };
    const caller = session === undefined ? {} : { sessionId: session, beginWaiting: tellRunner() };
    await serve({ source: supervisor, version: await ownVersion(), prepare, caller });
  } finally {
    await supervisor.close();
  }
}

/** Tells the runner, whose child this process is, for how many sessions its agent waits. */
function tellRunner(): (sessions: number) => () => void {
  let waitingFor = 0;
  const change = (by: number): void => {
    waitingFor += by;
    process.send?.({ waitingFor });
  };
  return (sessions) => {
    change(sessions);
    return () => change(-sessions);
  };
}

async function ownVersion(): Promise<string> {
  const manifest = await readFile(join(__dirname, '../package.json'), 'utf8');
  return v.parse(v.object({ version: v.string() }), JSON.parse(manifest)).version;
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  },
);
