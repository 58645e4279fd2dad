import { CorralError } from '../../storage/errors';
import { acpDriver } from './acp';
import { claudeDriver } from './claude';
import { codexDriver } from './codex';
import { commandDriver } from './command';
import type { Driver } from './driver';
import { streamDriver } from './stream';

/** In the settings, `driver` is one of these. */
export const DRIVER_NAMES = ['claude', 'codex', 'acp', 'stream', 'command'] as const;
export type DriverName = (typeof DRIVER_NAMES)[number];

const DRIVERS: Readonly<Record<DriverName, Driver>> = {
  claude: claudeDriver,
  codex: codexDriver,
  acp: acpDriver,
  stream: streamDriver,
  command: commandDriver,
};

/** Throws AGENT_UNKNOWN for a name that this version has no driver for. */
export function driverFor(name: string): Driver {
  const known = DRIVER_NAMES.find((candidate) => candidate === name);
  if (known === undefined) throw new CorralError('AGENT_UNKNOWN', `There is no driver “${name}”. Use one of: ${DRIVER_NAMES.join(', ')}.`);
  return DRIVERS[known];
}
