import { join } from 'node:path';
import type { RunPaths } from '../../storage/paths';
import type { McpServerEntry } from '../agents/driver/driver';
import type { SupervisorSettings } from '../settings';

/** The agent's end of Corral's tools. Windows has no FIFOs, by which the runner knows its own agent. */
export function ownMcpServer(
  { bundles, settings }: { bundles: string; settings: () => SupervisorSettings },
  run: RunPaths,
): McpServerEntry | undefined {
  if (!settings().mcpInSessions || process.platform === 'win32') return undefined;
  const args = [join(bundles, 'mcp.js'), '--shim', run.root];
  return { name: 'corral', command: process.execPath, args, env: { ELECTRON_RUN_AS_NODE: '1' } };
}
