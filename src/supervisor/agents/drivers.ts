import { CorralError } from '../../storage/errors';
import type { Driver } from './driver/driver';

/** In the settings, `driver` is one of these. */
export const DRIVER_NAMES = ['claude', 'codex', 'acp', 'stream', 'command'] as const;
export type DriverName = (typeof DRIVER_NAMES)[number];

/** All lie in the bundle of whoever asks; a runner has a use for one of them. */
const DRIVERS: Readonly<Record<DriverName, () => Promise<Driver>>> = {
  claude: async () => (await import('./claude/claudeDriver')).claudeDriver,
  codex: async () => (await import('./codex/codexDriver')).codexDriver,
  acp: async () => (await import('./acp/acpDriver')).acpDriver,
  stream: async () => (await import('./stream/streamDriver')).streamDriver,
  command: async () => (await import('./command/commandDriver')).commandDriver,
};

/** Throws AGENT_UNKNOWN for a name that this version has no driver for. */
export async function driverFor(name: string): Promise<Driver> {
  const known = DRIVER_NAMES.find((candidate) => candidate === name);
  if (known === undefined)
    throw new CorralError('AGENT_UNKNOWN', `There is no driver “${name}”. Use one of: ${DRIVER_NAMES.join(', ')}.`);
  return await DRIVERS[known]();
}
