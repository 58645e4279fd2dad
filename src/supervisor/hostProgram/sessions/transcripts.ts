/** The agents' own transcripts on this host, which go along when a session moves. */
import type { Readable } from 'node:stream';
import { programEnvironment } from '../../agents/programEnvironment';
import { putTranscript, readTranscript } from '../../agents/transcripts/transcriptFile';
import type { TranscriptPlace } from '../../agents/transcripts/transcriptFolders';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import { findAgentFolder } from '../../lifecycle/agentFolder';
import { findAgent } from './runs';

/** @throws CorralError as `findAgent`; Error as `readTranscript` */
export async function readOwnTranscript(request: HostRequestOf<'readTranscript'>): Promise<Readable> {
  return await readTranscript(await placeOf(request), request.nativeSessionId);
}

/** @throws CorralError as `findAgent`; Error as `putTranscript` */
export async function putOwnTranscript(request: HostRequestOf<'putTranscript'>, content: Readable): Promise<void> {
  // The channel stays open when the rest is not wanted: the error is sent on it.
  const bytes = content.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  await putTranscript(await placeOf(request), request.nativeSessionId, bytes);
}

async function placeOf({
  backendType,
  agent: wanted,
  worktree,
}: HostRequestOf<'readTranscript' | 'putTranscript'>): Promise<TranscriptPlace> {
  const { agents, agent } = await findAgent(wanted);
  return {
    backendType,
    environment: await programEnvironment(wanted.name, agent, agents),
    cwd: await findAgentFolder({ worktreePath: worktree.path, ...worktree }),
  };
}
