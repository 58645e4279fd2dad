import { createHash } from 'node:crypto';
import * as v from 'valibot';

/** What a command that settings can name is for. */
export const COMMAND_USES = ['setup', 'teardown', 'filter', 'push', 'agents', 'handOver', 'include'] as const;
export type CommandUse = (typeof COMMAND_USES)[number];
/** When a command of a worktree runs. */
export const WORKTREE_COMMAND_USES = ['setup', 'teardown'] as const;
export type WorktreeCommandUse = (typeof WORKTREE_COMMAND_USES)[number];

/** A command that is named by what a repository brings along, so that it runs only where a person here allowed it. */
export const namedCommandSchema = v.object({
  /** The main worktree. */
  repository: v.string(),
  use: v.picklist(COMMAND_USES),
  /**
   * Program and arguments; for a filter its one text; for a push the remote and its addresses; for `include` a host and
   * the files. Of `agents` empty or `all`, where those in sessions reach all others; of `handOver` the agent.
   */
  command: v.array(v.string()),
});
export type NamedCommand = v.InferOutput<typeof namedCommandSchema>;

/** Differs for every repository, use and exact command. */
export function commandKey({ repository, use, command }: NamedCommand): string {
  return createHash('sha256')
    .update(JSON.stringify([repository, use, ...command]))
    .digest('hex');
}
