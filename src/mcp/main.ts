/**
 * The MCP server: `node mcp.js --store <folder>`, over standard input and output, on a store that windows may use too.
 * It starts no run: what it queues, a window starts.
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

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { store: { type: 'string' } } });
  const { store } = values;
  if (store === undefined || store === '') throw new Error('Say which store: --store <folder>');
  // Standard output belongs to the protocol.
  const log = (message: string): void => void process.stderr.write(`${message}\n`);
  const paths = new StorePaths(store);
  let settings = DEFAULT_SETTINGS;
  const worktrees = new Map<string, WorktreeSettings>();
  const supervisor = new Supervisor({
    storageDirectory: store,
    autoRecover: false,
    startsRuns: false,
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
    await serve({ source: supervisor, version: await ownVersion(), prepare });
  } finally {
    await supervisor.close();
  }
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
