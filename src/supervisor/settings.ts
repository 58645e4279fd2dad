import type { PermissionMode } from '../storage/sessionRecords';
import type { AgentSettings } from './agents/agentRegistry';

/** What a person can choose. Read anew at each use, so that a change counts at once. */
export interface SupervisorSettings {
  agents: AgentSettings;
  permissionMode: PermissionMode;
  /** `inside`, `beside`, or an absolute folder. */
  worktreesLocation: string;
  /** Ignored files that come into a new worktree beside those of `.worktreeinclude`, as patterns of `.gitignore`. */
  worktreesInclude: readonly string[];
  /** Ignored folders of which a new worktree gets a link, as patterns of `.gitignore`. */
  worktreesLink: readonly string[];
  /** Program and arguments, run in a new worktree before its agent; empty for none. */
  setupCommand: readonly string[];
  setupLimitMs: number;
  /** Program and arguments, run in a worktree before it is removed; empty for none. */
  teardownCommand: readonly string[];
  teardownLimitMs: number;
  stopGraceMs: number;
  syncEveryEvent: boolean;
  /** So many runs side by side; others wait. */
  maxConcurrentRuns: number;
  /** Below this no further run starts beside one that is under way; 0 for no such limit. */
  minimumFreeMemoryMiB: number;
  /** What becomes of a run that was cut off: keep its last known status and mark it, or show it as failed. */
  recoveryPolicy: 'restore' | 'fail';
  /** The Node program for runners; where absent, `runnerProgram` chooses. */
  runnerNode?: string;
}

export const DEFAULT_SETTINGS: SupervisorSettings = {
  agents: {},
  permissionMode: 'edits',
  worktreesLocation: 'inside',
  worktreesInclude: [],
  worktreesLink: [],
  setupCommand: [],
  setupLimitMs: 10 * 60_000,
  teardownCommand: [],
  teardownLimitMs: 60_000,
  stopGraceMs: 5_000,
  syncEveryEvent: false,
  maxConcurrentRuns: 8,
  minimumFreeMemoryMiB: 512,
  recoveryPolicy: 'restore',
};
