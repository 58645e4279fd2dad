import type { HostSummary, HostTestReport } from '../../../../src/supervisor/api';

const REPORT: HostTestReport = {
  host: 'box',
  testedAt: '2026-01-05T09:00:00.000Z',
  hostName: 'box',
  connectMs: 300,
  roundTripMs: 2,
  usable: true,
  checks: [{ name: 'node', state: 'passed', found: '22.1.0' }],
  agents: [{ name: 'claude', version: '2.0.1' }],
  cores: 4,
  memory: { bytes: 2 ** 34, freeBytes: 2 ** 33 },
  disk: { bytes: 2 ** 40, freeBytes: 2 ** 39 },
  printed: '',
};
/** A check that failed. */
export const NO_GIT = {
  name: 'git',
  state: 'failed',
  code: 'HOST_GIT_MISSING',
  found: 'not found',
  advice: 'Install it.',
} as const;

/** A host that was tested. */
export function hostOf(name: string, report: Partial<HostTestReport> = {}): HostSummary {
  return { name, kind: 'ssh', enteredBy: 'ssh', target: name, lastTest: { ...REPORT, host: name, ...report } };
}
