import type { Budget } from '../storage/budget';
import type { PermissionMode } from '../storage/sessionRecords';
import type { WorktreeCommandUse } from '../storage/namedCommand';
import type { AgentSettings } from './agents/agentRegistry';
import type { HostSettings } from './hosts/hostSettings';

/** What people can choose. Read at each use, so that a change takes effect at once. */
export interface SupervisorSettings {
  agents: AgentSettings;
  /** Other machines and containers. */
  hosts: HostSettings;
  permissionMode: PermissionMode;
  stopGraceMs: number;
  syncEveryEvent: boolean;
  /** More runs than this wait in the queue. */
  maxConcurrentRuns: number;
  /** Whether runs that wait for a person's answer count against that limit. */
  countWaitingRuns: boolean;
  /** With less free memory no run starts while another is under way; 0 for no limit. */
  minimumFreeMemoryMiB: number;
  /** What a session does at a usage limit: `wait`, `ask`, or let the agent of this name go on. */
  onUsageLimit: string;
  /** Whether a run that was cut off keeps its last known status and is marked as restored, or is shown as failed. */
  recoveryPolicy: 'restore' | 'fail';
  /** Whether agents in sessions get Corral's own tools, to hand out work and gather it. */
  mcpInSessions: boolean;
  /** What a session, and all sessions of a local day, may use before a person is asked. */
  budget: Budget;
  /** The Node program of runners; where absent, `runnerProgram` chooses one. */
  runnerNode?: string;
}

/** What people can choose for the worktrees of one repository. */
export interface WorktreeSettings {
  /** `inside`, `beside`, or an absolute folder. */
  worktreesLocation: string;
  /** Ignored files to copy into a new worktree, in addition to `.worktreeinclude`, as patterns of `.gitignore`. */
  worktreesInclude: readonly string[];
  /** Ignored folders to which a new worktree gets a link, as patterns of `.gitignore`. */
  worktreesLink: readonly string[];
  /** Whether a worktree is made ready while somebody writes a prompt. */
  worktreesSpare: boolean;
  /** Program and arguments to run in a new worktree before its agent; empty for none. */
  setupCommand: readonly string[];
  setupLimitMs: number;
  /** Program and arguments to run in a worktree before it is removed; empty for none. */
  teardownCommand: readonly string[];
  teardownLimitMs: number;
  /** The commands among these that come with the workspace and not from the user, so that they need consent. */
  workspaceCommands: readonly WorktreeCommandUse[];
}

export const DEFAULT_WORKTREE_SETTINGS: WorktreeSettings = {
  worktreesLocation: 'inside',
  worktreesInclude: [],
  worktreesLink: [],
  worktreesSpare: true,
  setupCommand: [],
  setupLimitMs: 10 * 60_000,
  teardownCommand: [],
  teardownLimitMs: 60_000,
  workspaceCommands: [],
};

export const DEFAULT_SETTINGS: SupervisorSettings = {
  agents: {},
  hosts: new Map(),
  permissionMode: 'edits',
  stopGraceMs: 5_000,
  syncEveryEvent: false,
  maxConcurrentRuns: 8,
  countWaitingRuns: false,
  minimumFreeMemoryMiB: 512,
  onUsageLimit: 'wait',
  recoveryPolicy: 'restore',
  mcpInSessions: false,
  budget: {},
};
