import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import type { Driver } from './driver/driver';

/** All are part of the bundle, but a runner only loads the one that it needs. */
const DRIVERS = {
  claude: async () => (await import('./claude/claudeDriver')).claudeDriver,
  codex: async () => (await import('./codex/codexDriver')).codexDriver,
  acp: async () => (await import('./acp/acpDriver')).acpDriver,
  stream: async () => (await import('./stream/streamDriver')).streamDriver,
  command: async () => (await import('./command/commandDriver')).commandDriver,
} as const satisfies Record<string, () => Promise<Driver>>;

export type DriverName = keyof typeof DRIVERS;
/** The values of `driver` in the settings. package.json lists the same. */
export const DRIVER_NAMES = Object.keys(DRIVERS) as readonly DriverName[];

/** @throws AGENT_UNKNOWN for a name that this version has no driver for */
export async function driverFor(name: string): Promise<Driver> {
  const known = DRIVER_NAMES.find((candidate) => candidate === name);
  if (known === undefined)
    throw new CorralError(
      'AGENT_UNKNOWN',
      l10n.t('There is no driver “{name}”. Use one of these: {known}.', { name, known: DRIVER_NAMES.join(', ') }),
    );
  return await DRIVERS[known]();
}
