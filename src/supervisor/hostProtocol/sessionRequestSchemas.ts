/** What a window asks of a host for the sessions that work there. A window that has no host never loads it. */
import * as v from 'valibot';
import { attachmentSchema } from '../../storage/attachments';
import { idSchema, sha256Schema, uuidSchema } from '../../storage/ids';
import { hostAgentSchema, hostRunSchema, transcriptOwnerSchema } from './sessionRequests';

const text = v.pipe(v.string(), v.maxLength(4_096));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const objectId = v.pipe(v.string(), v.regex(/^[0-9a-f]{40,64}$/));
const session = { storeId: idSchema, sessionId: idSchema };
const run = { ...session, runId: idSchema };

/** The top of a session's worktree, and where in it the agent starts. */
const agentPlaceSchema = v.object({ path: v.string(), subfolder: v.exactOptional(v.string()) });

const transcript = {
  backendType: transcriptOwnerSchema,
  agent: hostAgentSchema,
  worktree: agentPlaceSchema,
  nativeSessionId: uuidSchema,
};

export const sessionRequests = [
  /** Makes the store's folder on the host: a `hostStoreSchema`. `git` is a path or a name there. */
  v.object({
    request: v.literal('openStore'),
    storeId: idSchema,
    git: v.string(),
    /** The host is one of many that lead to the same cluster. */
    cluster: v.exactOptional(v.literal(true)),
  }),
  /** What a run needs of the host: a `hostFitnessSchema`. */
  v.object({ request: v.literal('fitness') }),
  /** A process went on without its connection. Known from now on, until the host is started anew; null. */
  v.object({ request: v.literal('noteDetached') }),
  /** Whether the agent is there; null, or an error. */
  v.object({ request: v.literal('findAgent'), agent: hostAgentSchema }),
  /** A session's worktree, made anew where nobody has worked in it yet: a `hostWorktreeSchema`. */
  v.object({
    request: v.literal('makeWorktree'),
    ...session,
    repository: v.string(),
    title: v.string(),
    baseCommit: objectId,
    /** Its files are put into the worktree, as uncommitted changes. */
    snapshot: v.exactOptional(objectId),
    /** The last snapshot of a session that worked elsewhere: its worktree is made, or made again, as that is. */
    last: v.exactOptional(objectId),
    /** What other sessions of the store have: see `freePorts`. */
    takenPorts: v.array(v.number()),
  }),
  /** Keeps a file that goes with a prompt or a message, whose bytes are the channel's data; null. */
  v.object({ request: v.literal('putAttachment'), ...session, attachment: attachmentSchema }),
  /** Keeps a file that a snapshot of the session names, whose bytes are the channel's data; null. */
  v.object({ request: v.literal('putKeptFile'), ...session, sha256: sha256Schema }),
  /** Puts an ignored file into a worktree, whose bytes are the channel's data, unless one is there; null. */
  v.object({
    request: v.literal('putIncluded'),
    ...session,
    repository: v.string(),
    path: v.string(),
    /** Below the worktree, with a character for each byte. */
    file: v.pipe(v.string(), v.regex(/^(?!(?:.*\/)?(?:\.{0,2}|\.git)(?:\/|$))[^\0]+$/i)),
    isExecutable: v.boolean(),
  }),
  /** The agent's own transcript of a session that works in the worktree: the bytes as data, or an error. */
  v.object({ request: v.literal('readTranscript'), ...transcript }),
  /** Keeps such a transcript for the agent, whose bytes are the channel's data; null, or an error where it cannot. */
  v.object({ request: v.literal('putTranscript'), ...transcript }),
  /** What a `WorktreeKeeper` can do, and answers as `worktreeAnswers` has it. */
  v.object({
    request: v.literal('worktree'),
    ...session,
    repository: v.string(),
    path: v.string(),
    baseCommit: objectId,
    action: v.picklist(['isInPlace', 'remove', 'restore', 'emptyTrash', 'summarize', 'takeSnapshot', 'putBack']),
    /** Of `putBack`, and for `restore` of a session whose snapshots this host has lost: a commit that it has. */
    commit: v.exactOptional(objectId),
  }),
  /** Removes all that is there of a session but what lies in the trash; null, or an error where it has work. */
  v.object({
    request: v.literal('eraseSession'),
    ...session,
    repository: v.string(),
    /** Absent where the session never had a base. */
    baseCommit: v.exactOptional(objectId),
  }),
  /** Starts the run's runner, unless that has happened: a `foundRunSchema`. */
  v.object({
    request: v.literal('startRun'),
    storeId: idSchema,
    run: hostRunSchema,
    agent: hostAgentSchema,
    worktree: agentPlaceSchema,
    /** Options of `sbatch`, where the run is a job of the cluster. */
    sbatch: v.exactOptional(v.array(v.pipe(text, v.regex(/^-[^\0]+$/)))),
  }),
  /** What is known of a run: a `foundRunSchema`. */
  v.object({ request: v.literal('findRun'), ...run }),
  /** Gives a run up that no runner has claimed yet: a `foundRunSchema`. */
  v.object({ request: v.literal('cancelRun'), ...run, reason: text }),
  /** Ends the processes of a run, those of its agent after `graceMs`; null, or an error. */
  v.object({ request: v.literal('endRun'), ...run, graceMs: count }),
  /** Ends what setup commands of a session left running; null. */
  v.object({ request: v.literal('endServers'), ...session, graceMs: count }),
  /** A person said that a run is gone: its runner ends where it lives; null, or an error. */
  v.object({ request: v.literal('giveUpRun'), ...run }),
] as const;
