/**
 * The MCP server: `node mcp.js --store <folder>`, over standard input and output, on a store that windows may use too.
 * It starts no run: what it queues, a window starts.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { messageOf } from '../common/errors';
import { Supervisor } from '../supervisor/supervisor';
import { serve } from './mcpServer';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { store: { type: 'string' } } });
  const { store } = values;
  if (store === undefined || store === '') throw new Error('Say which store: --store <folder>');
  // Standard output belongs to the protocol.
  const log = (message: string): void => void process.stderr.write(`${message}\n`);
  const supervisor = new Supervisor({
    storageDirectory: store,
    autoRecover: false,
    log: { info: () => undefined, warn: log, error: log },
  });
  try {
    await supervisor.whenReady();
    await serve(supervisor, await ownVersion());
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
